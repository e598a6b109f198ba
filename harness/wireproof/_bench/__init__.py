"""Measures what the suite costs, beside what it cannot do without; says nothing about whether that is good."""
