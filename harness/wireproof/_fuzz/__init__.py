"""Random requests, judged by the predicates, by the rules of HTTP, and by what the reference implementation sends."""
