// The Go driver of wireproof: drives net/http.
//
// Run as "go run go_driver.go", or built once; it needs Go 1.19 and the standard library. It speaks the driver
// protocol, version 1, over standard input and output.
//
// In four parts: text as JSON has it; recipes to bodies; the client; the protocol.
//
// The client is used as its documentation says, with the settings of http.DefaultTransport. A url is put behind
// http://host:port, as text, and http.NewRequest takes or refuses it; only what it has no place for (another
// authority, a target that begins with neither /, ? nor #, but for *) is "unsupported". Fields go into Request.Header,
// all of them: that net/http takes Host, Content-Length and Transfer-Encoding from elsewhere is for the report to show.
package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"reflect"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	protocol   = 1
	version    = "1"
	clientName = "net/http"

	// After so many bytes an endless body ends, should nobody hang up.
	endlessSize = 8 << 20

	// So many characters of an error's message are kept.
	messageSize = 2000

	// So many bytes fit into the pipe of a body.
	pipeSize = 65536
)

// object is a JSON object that is sent.
type object map[string]any

// text as JSON has it ----------------------------------------------------------------------------------------------

// literal is a JSON string as it was received: encoding/json would replace lone surrogates.
type literal string

// UnmarshalJSON keeps the string, quotes and escapes included.
func (l *literal) UnmarshalJSON(raw []byte) error {
	if len(raw) < 2 || raw[0] != '"' {
		return fmt.Errorf("a string is wanted, not %s", raw)
	}
	*l = literal(raw[1 : len(raw)-1])
	return nil
}

var escapes = map[byte]rune{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// runes returns the characters; lone surrogates stay what they are.
func (l literal) runes() []rune {
	made := make([]rune, 0, len(l))
	for rest := string(l); rest != ""; {
		char, size := utf8.DecodeRuneInString(rest)
		if char == '\\' {
			char, size = escaped(rest)
		}
		rest = rest[size:]
		if last := len(made) - 1; last >= 0 && utf16.IsSurrogate(made[last]) {
			if pair := utf16.DecodeRune(made[last], char); pair != utf8.RuneError {
				made[last] = pair
				continue
			}
		}
		made = append(made, char)
	}
	return made
}

// escaped returns the character of the escape at the beginning of rest, and the length of the escape.
func escaped(rest string) (rune, int) {
	if rest[1] != 'u' {
		return escapes[rest[1]], 2
	}
	unit, _ := strconv.ParseUint(rest[2:6], 16, 16) // the decoder has made sure that these are hexadecimal digits
	return rune(unit), 6
}

// data returns the bytes that the characters stand for.
func (l literal) data() []byte {
	runes := l.runes()
	made := make([]byte, len(runes))
	for index, char := range runes {
		made[index] = byte(char)
	}
	return made
}

// text returns the characters in UTF-8, as strings in Go have them.
func (l literal) text() (string, error) {
	runes := l.runes()
	for _, char := range runes {
		if utf16.IsSurrogate(char) {
			return "", unsupported("a lone surrogate has no UTF-8")
		}
	}
	return string(runes), nil
}

// recipes → bodies -------------------------------------------------------------------------------------------------

// unsupported says why Go, or this client, cannot express something.
type unsupported string

func (u unsupported) Error() string { return string(u) }

// recipe is one as it comes over the wire.
type recipe struct {
	Kind     string
	Name     string
	Text     literal
	Data     literal
	Position int64
	Count    int
	Items    []item
	Reads    []recipe
	Slice    []int
	Format   *string
	Shape    []int
}

// item is a piece of a body, or a pair of name and value.
type item struct {
	piece recipe
	pair  []recipe
}

// UnmarshalJSON reads a list as a pair, and an object as a piece.
func (i *item) UnmarshalJSON(raw []byte) error {
	if raw[0] == '[' {
		return json.Unmarshal(raw, &i.pair)
	}
	return json.Unmarshal(raw, &i.piece)
}

func (r recipe) pieces() []recipe {
	made := make([]recipe, len(r.Items))
	for index, each := range r.Items {
		made[index] = each.piece
	}
	return made
}

// str returns the text of a str.
func (r recipe) str(what string) (string, error) {
	if r.Kind != "str" {
		return "", unsupported(what + " is a string in Go, not " + r.Kind)
	}
	return r.Text.text()
}

// body is what the client is given, and how to look at it afterwards.
type body struct {
	reader  io.Reader // nil: no body
	effects func() object
	release func() error
}

// bodyError is what a body returns in the place of a piece, by the name that it has in Python.
type bodyError struct{ name string }

func (e bodyError) Error() string { return "raised by the body: " + e.name }

// script is a reader that gives one piece for each Read, or what is left of it.
type script struct {
	pieces []step
	taken  atomic.Int64 // the client may still be reading when its call returns
	rest   []byte
}

// step is one piece of a script: data, and the error that comes with it.
type step struct {
	data []byte
	err  error
}

// newScript returns a reader of pieces; emptyEnds says that an empty one is an end, as it is for read() in Python.
func newScript(recipes []recipe, emptyEnds bool) (*script, error) {
	made := &script{}
	for _, each := range recipes {
		var next step
		switch {
		case each.Kind == "raise":
			next.err = bodyError{each.Name}
		case each.Kind == "none" && emptyEnds:
			next.err = io.EOF
		case each.Kind == "bytes" || each.Kind == "bytearray":
			next.data = each.Data.data()
			if emptyEnds && len(next.data) == 0 {
				next.err = io.EOF
			}
		default:
			return nil, unsupported("a piece of a body is a []byte in Go, not " + each.Kind)
		}
		made.pieces = append(made.pieces, next)
	}
	return made, nil
}

func (s *script) Read(into []byte) (int, error) {
	if len(s.rest) == 0 {
		if len(s.pieces) == 0 {
			return 0, io.EOF
		}
		next := s.pieces[0]
		s.pieces = s.pieces[1:]
		if next.err != nil {
			return 0, next.err
		}
		s.taken.Add(1)
		s.rest = next.data
	}
	size := copy(into, s.rest)
	s.rest = s.rest[size:]
	return size, nil
}

func (s *script) pulled() object { return object{"body.pulled": s.taken.Load()} }

// repeated gives the same piece so many times.
func repeated(data []byte, times int) *script {
	made := &script{pieces: make([]step, times)}
	for index := range made.pieces {
		made.pieces[index].data = data
	}
	return made
}

func lazy(made *script, err error) (body, error) {
	if err != nil {
		return body{}, err
	}
	return body{reader: made, effects: made.pulled}, nil
}

func scripted(r recipe) (body, error) {
	made, err := newScript(r.Reads, true)
	return body{reader: made}, err
}

func bufferBody(r recipe) (body, error) {
	data := r.Data.data()
	before := string(data)
	effects := func() object { return nil }
	if r.Kind == "bytearray" {
		effects = func() object { return object{"body.content": compared(before == string(data))} }
	}
	return body{reader: bytes.NewReader(data), effects: effects}, nil
}

func compared(isSame bool) string {
	if isSame {
		return "unchanged"
	}
	return "changed"
}

// view makes a body of a part of a slice, which is what a memoryview is at most.
func view(r recipe) (body, error) {
	data := r.Data.data()
	if r.Format != nil || r.Shape != nil || (len(r.Slice) == 3 && r.Slice[2] != 1) {
		return body{}, unsupported("a view in Go is a slice, without format, shape and step")
	}
	ends := []int{0, len(data)}
	for index, bound := range r.Slice {
		if index < 2 {
			ends[index] = within(bound, len(data))
		}
	}
	if ends[1] < ends[0] {
		ends[1] = ends[0]
	}
	return body{reader: bytes.NewReader(data[ends[0]:ends[1]])}, nil
}

func within(bound, length int) int {
	if bound < 0 {
		bound += length
	}
	if bound < 0 {
		return 0
	}
	if bound > length {
		return length
	}
	return bound
}

func bytesio(r recipe) (body, error) {
	reader := bytes.NewReader(r.Data.data())
	if _, err := reader.Seek(r.Position, io.SeekStart); err != nil {
		return body{}, err
	}
	return body{reader: reader, effects: func() object {
		return object{"body.position": reader.Size() - int64(reader.Len()), "body.closed": false} // it has no Close
	}}, nil
}

func file(r recipe) (body, error) {
	made, err := os.CreateTemp("", "wireproof-*.body")
	if err != nil {
		return body{}, err
	}
	os.Remove(made.Name()) // the open file lives on without its name
	if _, err = made.Write(r.Data.data()); err == nil {
		_, err = made.Seek(r.Position, io.SeekStart)
	}
	return opened(made), err
}

// opened makes a body of a file; where it stands is seen if it is one that can be positioned.
func opened(file *os.File) body {
	return body{reader: file, release: file.Close, effects: func() object {
		position, err := file.Seek(0, io.SeekCurrent)
		if err != nil {
			return object{"body.closed": errors.Is(err, os.ErrClosed)}
		}
		return object{"body.closed": false, "body.position": position}
	}}
}

func pipe(r recipe) (body, error) {
	data := r.Data.data()
	if len(data) > pipeSize {
		return body{}, unsupported("more than a pipe's buffer holds")
	}
	reading, writing, err := os.Pipe()
	if err != nil {
		return body{}, err
	}
	_, err = writing.Write(data)
	writing.Close()
	return opened(reading), err
}

func unzipped(r recipe) (body, error) {
	var compressed bytes.Buffer
	into := gzip.NewWriter(&compressed)
	into.Write(r.Data.data())
	into.Close()
	reader, err := gzip.NewReader(&compressed)
	if err == nil {
		_, err = io.CopyN(io.Discard, reader, r.Position)
	}
	return body{reader: reader}, err
}

// joined makes a body of slices that are all there.
func joined(r recipe) (body, error) {
	readers := make([]io.Reader, len(r.Items))
	for index, each := range r.pieces() {
		if each.Kind == "raise" {
			return body{}, unsupported("a slice raises nothing when it is gone through")
		}
		made, err := newScript([]recipe{each}, false)
		if err != nil {
			return body{}, err
		}
		readers[index] = bytes.NewReader(made.pieces[0].data)
	}
	return body{reader: io.MultiReader(readers...)}, nil
}

var bodies = map[string]func(recipe) (body, error){
	"none": func(recipe) (body, error) { return body{}, nil },
	"str": func(r recipe) (body, error) {
		text, err := r.Text.text()
		return body{reader: strings.NewReader(text)}, err
	},
	"bytes":       bufferBody,
	"bytearray":   bufferBody,
	"memoryview":  view,
	"bytesio":     bytesio,
	"binary-file": file,
	"pipe":        pipe,
	"gzip":        unzipped,
	"reader":      scripted,
	"raw-reader":  scripted,
	"list":        joined,
	"tuple":       joined,
	"generator":   func(r recipe) (body, error) { return lazy(newScript(r.pieces(), false)) },
	"iterator":    func(r recipe) (body, error) { return lazy(newScript(r.pieces(), false)) },
	"blocks":      func(r recipe) (body, error) { return lazy(repeated(r.Data.data(), r.Count), nil) },
	"endless": func(r recipe) (body, error) {
		data := r.Data.data()
		return lazy(repeated(data, (endlessSize+len(data)-1)/len(data)), nil)
	},
}

// the client -------------------------------------------------------------------------------------------------------

// newObject says how a connection object is made.
type newObject struct {
	Host    string
	Port    any
	Named   map[string]json.RawMessage
	Address [2]any
	Resolve bool
}

// connection plays the part of a connection object: a Transport of its own, with at most one connection at a time.
type connection struct {
	base      string
	transport *http.Transport
	client    *http.Client
	dialled   []net.Conn
}

func newConnection(how newObject) *connection {
	made := &connection{base: "http://" + authority(how)}
	made.transport = http.DefaultTransport.(*http.Transport).Clone()
	made.transport.Proxy = nil
	made.transport.MaxConnsPerHost = 1
	dialer := &net.Dialer{}
	made.transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		if how.Resolve {
			address = net.JoinHostPort(fmt.Sprint(how.Address[0]), fmt.Sprint(how.Address[1]))
		}
		dialled, err := dialer.DialContext(ctx, network, address)
		if err == nil {
			made.dialled = append(made.dialled, dialled)
		}
		return dialled, err
	}
	made.client = &http.Client{
		Transport:     made.transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return made
}

// authority returns host and port as a URL has them.
func authority(how newObject) string {
	host := how.Host
	if strings.Count(host, ":") > 1 && !strings.HasPrefix(host, "[") {
		host = "[" + host + "]"
	}
	if strings.HasPrefix(host, "[") {
		host = strings.ReplaceAll(host, "%", "%25") // a zone is escaped in a URL
	}
	if how.Port == nil {
		return host
	}
	return host + ":" + fmt.Sprint(how.Port)
}

// close closes the idle connection, and whatever is still open after an error.
func (c *connection) close() {
	c.transport.CloseIdleConnections()
	for _, each := range c.dialled {
		each.Close()
	}
	c.dialled = nil
}

// call holds the arguments of a request, made.
type call struct {
	method, target string
	header         http.Header
	body           body
}

func newCall(arguments map[string]recipe) (*call, error) {
	made := &call{header: http.Header{}}
	var err error
	if made.method, err = required(arguments, "method"); err != nil {
		return nil, err
	}
	if made.target, err = required(arguments, "url"); err != nil {
		return nil, err
	}
	if made.target != "" && made.target != "*" && !strings.ContainsAny(made.target[:1], "/?#") {
		return nil, unsupported("a URL has no place for a request-target that does not begin with /")
	}
	if headers, given := arguments["headers"]; given {
		if err = made.addFields(headers); err != nil {
			return nil, err
		}
	}
	if given, ok := arguments["body"]; ok {
		make, known := bodies[given.Kind]
		if !known {
			return nil, unsupported("Go has no equal of " + given.Kind)
		}
		made.body, err = make(given)
	}
	return made, err
}

func required(arguments map[string]recipe, name string) (string, error) {
	given, ok := arguments[name]
	if !ok {
		return "", unsupported("a request in Go always has a " + name)
	}
	return given.str("a " + name)
}

var adding = map[string]func(http.Header, string, string){"dict": http.Header.Set, "message": http.Header.Add}

func (c *call) addFields(headers recipe) error {
	add, known := adding[headers.Kind]
	if !known {
		return unsupported("fields are a map of lists in Go, not " + headers.Kind)
	}
	for _, each := range headers.Items {
		name, err := each.pair[0].str("a field name")
		if err != nil {
			return err
		}
		value, err := each.pair[1].str("a field value")
		if err != nil {
			return err
		}
		add(c.header, name, value)
	}
	return nil
}

// request makes a request and reads the response to its end; it returns what the client let out, and the effects.
func (c *connection) request(made *call) (raised, effects object) {
	before := made.header.Clone()
	raised = c.send(made)
	effects = object{"headers": compared(reflect.DeepEqual(before, made.header))}
	if made.body.effects != nil {
		for name, value := range made.body.effects() {
			effects[name] = value
		}
	}
	return raised, effects
}

func (c *connection) send(made *call) (raised object) {
	wasConnected := false
	defer func() {
		if reason := recover(); reason != nil {
			raised = newRaised([]string{"panic", "RuntimeError"}, fmt.Sprint(reason))
		}
	}()
	target, isAsterisk := made.target, made.target == "*"
	if isAsterisk {
		target = ""
	}
	request, err := http.NewRequest(made.method, c.base+target, made.body.reader)
	if err != nil {
		return raisedBy(err, wasConnected)
	}
	if isAsterisk {
		request.URL.Path = "*"
	}
	request.Header = made.header
	trace := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { wasConnected = true }}
	response, err := c.client.Do(request.WithContext(httptrace.WithClientTrace(request.Context(), trace)))
	if err != nil {
		return raisedBy(err, wasConnected)
	}
	defer response.Body.Close()
	if _, err = io.Copy(io.Discard, response.Body); err != nil {
		return raisedBy(err, wasConnected)
	}
	return nil
}

// equals are errors in terms of Python; the first that fits counts.
var equals = []struct {
	fits  func(error) bool
	names []string
}{
	{is(syscall.ECONNREFUSED), []string{"ConnectionRefusedError", "ConnectionError", "OSError"}},
	{is(syscall.ECONNRESET), []string{"ConnectionResetError", "ConnectionError", "OSError"}},
	{is(syscall.EPIPE), []string{"BrokenPipeError", "ConnectionError", "OSError"}},
	{is(io.EOF), []string{"RemoteDisconnected", "ConnectionResetError", "ConnectionError", "OSError"}},
	{is(io.ErrUnexpectedEOF), []string{"IncompleteRead", "HTTPException", "OSError"}},
	{as[*net.DNSError], []string{"gaierror", "OSError"}},
	{as[*net.OpError], []string{"OSError"}},
	{as[syscall.Errno], []string{"OSError"}},
}

func is(wanted error) func(error) bool {
	return func(err error) bool { return errors.Is(err, wanted) }
}

func as[T error](err error) bool {
	var found T
	return errors.As(err, &found)
}

var bases = map[string][]string{
	"IndexError":        {"IndexError", "LookupError"},
	"KeyError":          {"KeyError", "LookupError"},
	"ZeroDivisionError": {"ZeroDivisionError", "ArithmeticError"},
}

// raisedBy returns what is kept of an error. Most of net/http's own have no type that tells one from another: what
// comes before there is a connection refuses an argument.
func raisedBy(err error, wasConnected bool) object {
	var classes []string
	for each := err; each != nil; each = errors.Unwrap(each) {
		classes = append(classes, strings.TrimPrefix(fmt.Sprintf("%T", each), "*"))
	}
	return newRaised(append(classes, inPython(err, wasConnected)...), err.Error())
}

func inPython(err error, wasConnected bool) []string {
	var own bodyError
	if errors.As(err, &own) {
		if names, known := bases[own.name]; known {
			return names
		}
		return []string{own.name}
	}
	for _, each := range equals {
		if each.fits(err) {
			return each.names
		}
	}
	if wasConnected {
		return []string{"OSError"}
	}
	return []string{"ValueError"}
}

func newRaised(classes []string, message string) object {
	if runes := []rune(message); len(runes) > messageSize {
		message = string(runes[:messageSize])
	}
	return object{"classes": classes, "message": message, "phase": "request"}
}

// the protocol -----------------------------------------------------------------------------------------------------

func can() object {
	kinds := make([]string, 0, len(bodies))
	for kind := range bodies {
		kinds = append(kinds, kind)
	}
	sort.Strings(kinds)
	return object{
		"arguments": object{
			"method": []string{"str"}, "url": []string{"str"}, "body": kinds, "headers": []string{"dict", "message"},
		},
		"pieces":   []string{"bytes", "bytearray", "none", "raise"},
		"fields":   []string{"str"},
		"hosts":    []string{"ipv4", "ipv6", "ipv6-bracketed", "ipv6-zone", "localhost", "name"},
		"ports":    []string{"int", "str", "in-host", "default", "default-given", "default-as-str"},
		"named":    []string{},
		"passed":   []string{"usual"},
		"effects":  []string{"headers", "body.closed", "body.content", "body.position", "body.pulled"},
		"features": []string{"names", "sequences", "waits"},
	}
}

// message is what wireproof sends; each type has some of the members.
type message struct {
	Type      string
	Protocol  int
	Candidate *string
	ID        json.Number
	On        string
	New       *newObject
	Arguments map[string]recipe
	Last      bool
}

// driver does what messages ask for.
type driver struct {
	in          *bufio.Reader
	out         *json.Encoder
	connections map[string]*connection
	refused     map[string]unsupported
	calls       []*call
}

// receive returns the next message; its error is io.EOF at the end.
func (d *driver) receive() (message, error) {
	var made message
	line, err := d.in.ReadBytes('\n')
	if err != nil {
		return made, err
	}
	return made, json.Unmarshal(line, &made)
}

func (d *driver) send(answer object) error { return d.out.Encode(answer) }

// start answers the first message, and says whether the candidate can be used.
func (d *driver) start(order message) (bool, error) {
	if order.Protocol != protocol {
		return false, d.send(object{
			"type": "broken", "why": fmt.Sprintf("version %d of the protocol is not known", order.Protocol), "hint": "use 1",
		})
	}
	if order.Candidate != nil && *order.Candidate != clientName {
		return false, d.send(object{
			"type": "broken", "why": "there is no driver for " + *order.Candidate, "hint": "give " + clientName,
		})
	}
	return true, d.send(object{
		"type":     "hello",
		"protocol": protocol,
		"driver":   object{"name": "wireproof-go", "version": version, "language": runtime.Version()},
		"client":   object{"name": clientName, "version": runtime.Version()},
		"can":      can(),
		"probes":   object{},
	})
}

// serve answers every message until the end.
func (d *driver) serve() error {
	order, err := d.receive()
	if err != nil {
		return err
	}
	if usable, err := d.start(order); !usable || err != nil {
		return err
	}
	handlers := map[string]func(message) error{
		"request":  d.request,
		"close":    d.close,
		"end":      d.end,
		"response": because("the client reads the response before its call returns", d),
		"collect":  because("connections do not wait for the garbage collector", d),
	}
	for {
		order, err := d.receive()
		if err != nil {
			return err
		}
		if handle, known := handlers[order.Type]; known {
			if err = handle(order); err != nil {
				return err
			}
		}
	}
}

func because(why string, d *driver) func(message) error {
	return func(order message) error { return d.unsupported(order, why) }
}

func (d *driver) unsupported(order message, why string) error {
	return d.send(object{"type": "unsupported", "id": order.ID, "why": why})
}

func (d *driver) calling(order message) error {
	return d.send(object{"type": "calling", "id": order.ID})
}

func (d *driver) done(order message, raised, effects object) error {
	answer := object{"type": "done", "id": order.ID, "raised": nil, "effects": effects}
	if raised != nil {
		answer["raised"] = raised
	}
	return d.send(answer)
}

// connection returns the connection object that a message names, which the message may make.
func (d *driver) connection(order message) (*connection, error) {
	if order.New != nil {
		if len(order.New.Named) > 0 {
			d.refused[order.On] = "the client has no such constructor"
		} else {
			d.connections[order.On] = newConnection(*order.New)
		}
	}
	if why, refused := d.refused[order.On]; refused {
		return nil, why
	}
	if found, known := d.connections[order.On]; known {
		return found, nil
	}
	return nil, unsupported("there is no connection object " + order.On)
}

func (d *driver) request(order message) error {
	on, err := d.connection(order)
	var made *call
	if err == nil {
		made, err = newCall(order.Arguments)
	}
	if err != nil {
		d.forget(order.Last)
		var why unsupported
		if errors.As(err, &why) {
			return d.unsupported(order, why.Error())
		}
		return err
	}
	d.calls = append(d.calls, made)
	if err = d.calling(order); err != nil {
		return err
	}
	raised, effects := on.request(made)
	d.forget(order.Last)
	return d.done(order, raised, effects)
}

func (d *driver) close(order message) error {
	on, err := d.connection(order)
	if err != nil {
		return d.unsupported(order, err.Error())
	}
	if err = d.calling(order); err != nil {
		return err
	}
	on.close()
	return d.done(order, nil, object{})
}

func (d *driver) end(order message) error {
	if err := d.calling(order); err != nil {
		return err
	}
	d.forget(true)
	return d.done(order, nil, object{})
}

// forget closes and forgets everything that belongs to the exchange, if the message is its last.
func (d *driver) forget(isLast bool) {
	if !isLast {
		return
	}
	for _, each := range d.connections {
		each.close()
	}
	for _, each := range d.calls {
		if each.body.release != nil {
			each.body.release()
		}
	}
	d.connections, d.refused, d.calls = map[string]*connection{}, map[string]unsupported{}, nil
}

// main moves the protocol off the streams that everybody shares, and serves it.
func main() {
	out := json.NewEncoder(os.Stdout)
	in := bufio.NewReaderSize(os.Stdin, 1<<16)
	os.Stdin, os.Stdout = nil, os.Stderr
	served := &driver{in: in, out: out}
	served.forget(true)
	if err := served.serve(); err != nil && !errors.Is(err, io.EOF) {
		fmt.Fprintln(os.Stderr, "wireproof-go:", err)
		os.Exit(1)
	}
}
