# spoon, a client of somebody's own: one request on one connection.

namespace eval spoon {}

# Returns the status and the content. headers is a list of names and values in turn; body is a string of bytes.
proc spoon::request {host port method url {headers {}} {body ""}} {
    if {[regexp {[\x00-\x20\x7f]} $url]} {
        throw {SPOON URL} "the url has a space or a control character in it"
    }
    set head "$method $url HTTP/1.1\r\nHost: $host:$port\r\n"
    foreach {name value} $headers {
        append head "$name: $value\r\n"
    }
    if {$body ne ""} {
        append head "Content-Length: [string length $body]\r\n"
    }
    set socket [socket $host $port]
    try {
        fconfigure $socket -translation binary
        puts -nonewline $socket "$head\r\n$body"
        flush $socket
        return [spoon::response $socket $method]
    } finally {
        close $socket
    }
}

proc spoon::response {socket method} {
    if {[gets $socket status] < 0} {
        throw {SPOON CLOSED} "the server has hung up"
    }
    set length 0
    while {[gets $socket line] > 1} {
        regexp -nocase {^content-length: *(\d+)} $line -> length
    }
    if {$method eq "HEAD"} {
        set length 0
    }
    return [list [lindex [split $status] 1] [read $socket $length]]
}
