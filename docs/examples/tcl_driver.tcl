#!/usr/bin/env tclsh
# The driver of spoon, built step by step in docs/writing-a-driver.md.

foreach file {tcl_json.tcl tcl_client.tcl} {
    source [file join [file dirname [info script]] $file]
}

# The kinds of recipes that can be built, for each argument; more are added below.
set can(method) {["str"]}
set can(url) {["str"]}

proc send {args} {
    puts [json::object {*}$args]
    flush stdout
}

proc on_start {message} {
    if {[dict get $message protocol] != 1} {
        send type {"broken"} why {"only version 1 of the protocol is known"} hint {"use 1"}
        exit
    }
    set abilities [json::object arguments [json::object {*}[array get ::can]] pieces {[]} fields {["str"]} \
        hosts {["ipv4"]} ports {["int", "str"]} named {[]} passed {["usual"]} effects {[]} features {["waits"]}]
    send type {"hello"} protocol 1 driver {{"name": "spoon-driver", "version": "1", "language": "Tcl"}} \
        client {{"name": "spoon", "version": "1"}} can $abilities probes {{}}
}

proc build_str {recipe} {
    return [dict get $recipe text]
}

proc built {recipe} {
    set kind [dict get $recipe kind]
    if {[info procs build_$kind] eq ""} {
        throw UNSUPPORTED "Tcl has no $kind"
    }
    return [build_$kind $recipe]
}

# Returns what spoon::request is called with.
proc call_of {message} {
    set arguments [dict get $message arguments]
    if {![dict exists $arguments method] || ![dict exists $arguments url]} {
        throw UNSUPPORTED "spoon cannot be called without a method and a url"
    }
    foreach name {method url headers body} {
        set $name ""
        if {[dict exists $arguments $name]} {
            set $name [built [dict get $arguments $name]]
        }
    }
    return [list [dict get $message new host] [dict get $message new port] $method $url $headers $body]
}

proc on_request {message} {
    set id [dict get $message id]
    try {
        set call [call_of $message]
    } trap UNSUPPORTED why {
        send type {"unsupported"} id $id why [json::quoted $why]
        return
    }
    send type {"calling"} id $id
    set raised null
    try {
        spoon::request {*}$call
    } on error {said options} {
        set raised [raised_by $said $options]
    }
    send type {"done"} id $id raised $raised
}

set can(body) {["none", "bytes", "str"]}
set can(headers) {["dict"]}

proc build_none {recipe} {
    return ""
}

proc build_bytes {recipe} {
    return [dict get $recipe data]
}

proc build_dict {recipe} {
    set fields {}
    foreach pair [dict get $recipe items] {
        foreach each $pair {
            lappend fields [built $each]
        }
    }
    return $fields
}

# The first word or two of an error code of Tcl → the names of classes.
set classes(SPOON,URL) {["SpoonError", "InvalidURL", "ValueError"]}
set classes(SPOON,CLOSED) {["SpoonError", "ConnectionError", "OSError"]}
set classes(POSIX) {["OSError"]}

proc raised_by {said options} {
    lassign [dict get $options -errorcode] family member
    set names {["Exception"]}
    foreach code [list $family $family,$member] {
        if {[info exists ::classes($code)]} {
            set names $::classes($code)
        }
    }
    return [json::object classes $names message [json::quoted [string range $said 0 1999]] phase {"request"}]
}

proc on_end {message} {
    send type {"calling"} id [dict get $message id]
    send type {"done"} id [dict get $message id]
}

fconfigure stdin -encoding utf-8 -translation lf
fconfigure stdout -encoding utf-8 -translation lf
while {[gets stdin line] >= 0} {
    set at 0
    set message [json::value $line at]
    set handler on_[dict get $message type]
    if {[info procs $handler] ne ""} {
        $handler $message
    }
}
