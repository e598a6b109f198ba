# JSON for a driver: objects and arrays become lists (to Tcl, a dict is a list of names and values in
# turn), null becomes "".

namespace eval json {}

# Returns where the next thing begins: spaces, colons and commas only stand between things.
proc json::next {text at} {
    regexp -start $at -indices {[^\s:,]} $text where
    return [lindex $where 0]
}

# Returns the next value from position `at` on, and moves `at` behind it.
proc json::value {text atName} {
    upvar 1 $atName at
    set at [json::next $text $at]
    switch -- [string index $text $at] {
        "\"" {
            regexp -start [incr at] -indices {\A(?:[^"\\]|\\.)*} $text where
            set at [expr {[lindex $where 1] + 2}]
            # the escapes of JSON are escapes of Tcl, too
            return [subst -nocommands -novariables [string range $text {*}$where]]
        }
        "\[" - "\{" {
            set items {}
            incr at
            while {[string index $text [set at [json::next $text $at]]] ni {] \}}} {
                lappend items [json::value $text at]
            }
            incr at
            return $items
        }
    }
    regexp -start $at -indices {[^]\}\s,]+} $text where
    set at [expr {[lindex $where 1] + 1}]
    set word [string range $text {*}$where]
    return [string map {null "" true 1 false 0} $word]
}

# Returns a text as JSON, in ASCII.
proc json::quoted {text} {
    set quoted ""
    foreach char [split $text ""] {
        set code [scan $char %c]
        append quoted [expr {$code < 32 || $code > 126 || $char in {\" \\} ? [format \\u%04x $code] : $char}]
    }
    return "\"$quoted\""
}

# Returns an object of names and values in turn; the values are JSON already.
proc json::object {args} {
    set members {}
    foreach {name value} $args {
        lappend members "[json::quoted $name]: $value"
    }
    return "{[join $members {, }]}"
}
