#!/usr/bin/env perl
# The driver of Perl's HTTP::Tiny: one file, core modules only.
#
# It speaks docs/driver-protocol.md. How the arguments become those of HTTP::Tiny's request(METHOD, URL, OPTIONS):
#
# * a url that begins with "/", or is empty or None, is the end of the URL; an absolute http URL is asked of the server
#   as of a proxy; HTTP::Tiny has no place for any other request-target;
# * bytes and text are the option `content`: a Perl string is both;
# * pieces are a callback, each call of which gives the next one. A callback that gives an empty string has come to its
#   end, so that an empty piece can only be expressed where read() has the same rule;
# * HTTP::Tiny reports what goes wrong as a response with the status 599, whose content is the message.
#
# As a field of no standard is spelt first in a process, HTTP::Tiny spells it ever after. So each exchange has a process
# of its own, a child: what comes of one does not hang on those before it.

use strict;
use warnings;

use Encode     ();
use HTTP::Tiny ();
use JSON::PP   ();
use POSIX      ();

my $PROTOCOL = 1;
my $VERSION  = '1';
my $MESSAGE  = 2000;               # so many characters of a message are kept
my $ENDLESS  = 8 * 1024 * 1024;    # after so many bytes an endless body ends, should nobody hang up

# HTTP::Tiny sends fields in the order of a Perl hash, which is another in each process unless a seed is given.
if (!defined $ENV{PERL_HASH_SEED}) {
    @ENV{qw(PERL_HASH_SEED PERL_PERTURB_KEYS)} = (0, 0);
    exec {$^X} $^X, $0 or die "$^X cannot be started again: $!\n";
}

# The protocol goes through a copy of standard output; what anybody prints goes to standard error.
open my $out, '>&', \*STDOUT or die "standard output cannot be copied: $!\n";
open STDOUT, '>&', \*STDERR or die "standard output cannot be moved: $!\n";
binmode $_ for $out, *STDIN;
$out->autoflush(1);

my $json = JSON::PP->new->ascii->canonical;

my %CAN = (
    arguments => {
        method  => ['str'],
        url     => ['none', 'str'],
        body    => [qw(blocks bytes endless generator iterator none raw-reader reader str)],
        headers => ['dict', 'message'],
    },
    pieces   => ['bytes', 'raise'],    # a Perl string is bytes and text alike, so nothing is asked of text here
    fields   => ['str'],               # nor of bytes here
    hosts    => [qw(ipv4 ipv6 ipv6-bracketed localhost name)],
    ports    => [qw(default default-as-str default-given in-host int str)],
    named    => [],
    passed   => ['usual'],
    effects  => ['body.pulled'],
    features => ['names', 'sequences', 'waits'],
);

# What HTTP::Tiny says → what it is in terms of Python. The first that fits.
my @SAID = (
    [qr/^Could not connect/                           => qw(ConnectionError OSError)],
    [qr/^Timed out/                                   => qw(TimeoutError OSError)],
    [qr/^(?:Socket closed|Could not write)/           => qw(ConnectionError OSError)],
    [qr/^(?:Unexpected end|Could not read)/           => qw(RemoteDisconnected ConnectionError OSError)],
    [qr/^(?:Malformed|Unsupported HTTP|Unexpected he)/ => qw(BadStatusLine HTTPException)],
    [qr/^(?:Line size|Header lines) exceed/           => qw(LineTooLong HTTPException)],
    [qr/^(?:Cannot parse URL|Unsupported URL)/        => qw(InvalidURL ValueError)],
    [qr/^Wide character/                              => qw(UnicodeEncodeError ValueError)],
    [qr/^(?:Invalid HTTP header|The 'Host' header)/   => qw(ValueError)],
    [qr/^Content-Length mismatch/                     => qw(ValueError)],
    [qr/^/                                            => qw(Exception)],
);

my %client;    # by the name of the connection object: {http, base, peer, proxied, failed}
my $raised;    # the class of the exception that a body has raised in this request

# messages -------------------------------------------------------------------------------------------------------------

sub send_message {
    my ($message) = @_;
    print {$out} $json->encode($message), "\n" or exit 1;
    return;
}

# Ends what is being built: the client has no place for it.
sub unsupported {
    my ($why) = @_;
    die {unsupported => $why};
}

# recipes → arguments ------------------------------------------------------------------------------------------------

sub piece {
    my ($recipe) = @_;
    my $kind = $recipe->{kind};
    return $recipe->{data} if $kind eq 'bytes';
    unsupported("Perl has no piece that is $kind") if $kind ne 'raise';
    my $name = $recipe->{name};
    return sub { $raised = $name; die "$name raised by the body\n" };
}

# Returns a callback that gives the pieces in turn, and counts them.
sub pieces {
    my ($values, $pulled) = @_;
    my @rest = @$values;
    return sub {
        return '' if !@rest;
        my $next = shift @rest;
        $next = $next->() if ref $next;
        $$pulled++;
        return $next;
    };
}

sub repeated {
    my ($data, $count, $pulled) = @_;
    return sub {
        return '' if $$pulled >= $count;
        $$pulled++;
        return $data;
    };
}

sub items {
    my ($recipe, $pulled) = @_;
    my @values = map { piece($_) } @{$recipe->{items}};
    unsupported('a callback that gives an empty piece has come to its end') if grep { !ref && $_ eq '' } @values;
    return pieces(\@values, $pulled);
}

sub reads {
    my ($recipe) = @_;
    my $pulled = 0;
    return pieces([map { piece($_) } @{$recipe->{reads}}], \$pulled);
}

sub blocks {
    my ($recipe, $pulled) = @_;
    return repeated($recipe->{data}, $recipe->{count}, $pulled);
}

sub endless {
    my ($recipe, $pulled) = @_;
    return repeated($recipe->{data}, int($ENDLESS / (length($recipe->{data}) || 1)), $pulled);
}

# Each makes what the option `content` is to be; those that are lazy count what is taken of them.
my %BODY = (
    none         => sub { undef },
    str          => sub { $_[0]{text} },
    bytes        => sub { $_[0]{data} },
    generator    => \&items,
    iterator     => \&items,
    reader       => \&reads,
    'raw-reader' => \&reads,
    blocks       => \&blocks,
    endless      => \&endless,
);
my %LAZY = map { $_ => 1 } qw(generator iterator blocks endless);

sub text {
    my ($recipe) = @_;
    unsupported("a Perl string is no $recipe->{kind}") if $recipe->{kind} ne 'str';
    return $recipe->{text};
}

# Returns the option `headers`. The values of one name are an array under it, which therefore has one spelling; a dict
# that spells it in two ways is passed as it is.
sub fields {
    my ($recipe) = @_;
    my (%headers, %spelt);
    for my $pair (@{$recipe->{items}}) {
        my ($name, $value) = map { text($_) } @$pair;
        my $first = $spelt{lc $name} ||= $name;
        unsupported('values under one name have one spelling of it') if $recipe->{kind} eq 'message' && $first ne $name;
        push @{$headers{$name}}, $value;
    }
    return {map { $_ => @{$headers{$_}} == 1 ? $headers{$_}[0] : $headers{$_} } keys %headers};
}

sub bracketed {
    my ($host) = @_;
    return $host =~ /^[^\[]*:.*:/ ? "[$host]" : $host;
}

# Returns what a connection object is here: how the server is named, and an HTTP::Tiny that knows the server as a proxy
# where its first url is an absolute one. No proxy of the environment comes in between.
sub opened {
    my ($new, $url) = @_;
    unsupported('HTTP::Tiny has no such argument') if %{$new->{named}};
    my ($host, $port) = ($new->{host}, $new->{port});
    my $base    = 'http://' . bracketed($host) . (defined $port ? ":$port" : '');
    my $proxied = $url =~ m{^http://}i;
    my $made    = {base => $base, proxied => $proxied};
    if ($new->{resolve}) {
        my ($given) = $base =~ /:(\d+)\z/;
        $given = 80 if !defined $given;
        unsupported('the port of a peer is that of the URL') if $given != $new->{address}[1];
        unsupported('a proxy is named by its address')       if $proxied;
        $made->{peer} = $new->{address}[0];
    }
    $made->{arguments} = [http_proxy => $proxied ? $base : undef, https_proxy => undef, proxy => undef, no_proxy => []];
    return $made;
}

sub url_of {
    my ($recipe) = @_;
    return '' if $recipe->{kind} eq 'none';
    return $recipe->{text};
}

# Returns the URL for HTTP::Tiny.
sub full_url {
    my ($made, $url) = @_;
    if ($url =~ m{^http://}i) {
        unsupported('an HTTP::Tiny knows a proxy or does not') if !$made->{proxied};
        return $url;
    }
    unsupported('HTTP::Tiny takes a URL and makes the request-target itself') if $url !~ m{^(?:/|\z)};
    unsupported('an HTTP::Tiny knows a proxy or does not')                    if $made->{proxied};
    return $made->{base} . $url;
}

# a request → what came of it ----------------------------------------------------------------------------------------

sub raised_by {
    my ($own, $said) = @_;
    chomp $said;
    my ($fits) = grep { $said =~ $_->[0] } @SAID;
    my (undef, @classes) = $raised ? ('', $raised, 'Exception') : @$fits;
    return {classes => [$own, @classes], message => substr($said, 0, $MESSAGE), phase => 'request'};
}

sub prepared {
    my ($message) = @_;
    my ($on, $given) = @$message{qw(on arguments)};
    for my $name (keys %$given) {
        my $kind = $given->{$name}{kind};
        unsupported("HTTP::Tiny has no $name that is $kind") if !grep { $_ eq $kind } @{$CAN{arguments}{$name} || []};
    }
    unsupported('a request needs a method and a url') if !$given->{method} || !$given->{url};
    unsupported('there is one way to pass arguments') if $message->{passed} ne 'usual';
    my $url = url_of($given->{url});
    my $made = $message->{new} ? opened($message->{new}, $url) : $client{$on};
    unsupported('its connection object could not be made') if !$made;
    my ($pulled, %options) = (0);
    $options{peer} = $made->{peer} if defined $made->{peer};
    $options{headers} = fields($given->{headers}) if $given->{headers};
    my $body = $given->{body};
    if ($body && $body->{kind} ne 'none') {
        $options{content} = $BODY{$body->{kind}}->($body, \$pulled);
    }
    my @arguments = ($given->{method}{text}, full_url($made, $url), %options ? \%options : ());
    $client{$on} = $made;
    return {made => $made, arguments => \@arguments, pulled => \$pulled, lazy => $body && $LAZY{$body->{kind}}};
}

sub request {
    my ($message) = @_;
    my $call = eval { prepared($message) };
    if (!$call) {
        my $error = $@;
        die $error if !ref $error;
        send_message({type => 'unsupported', id => $message->{id}, why => $error->{unsupported}});
        return;
    }
    send_message({type => 'calling', id => $message->{id}});
    my %done = (type => 'done', id => $message->{id}, raised => undef, effects => {});
    my $made = $call->{made};
    $raised = undef;
    my $response = eval {
        local $SIG{__DIE__};
        $made->{http} ||= HTTP::Tiny->new(@{$made->{arguments}});
        $made->{http}->request(@{$call->{arguments}});
    };
    if (!$response) {
        $done{raised} = raised_by('die', "$@");
    }
    elsif ($response->{status} == 599) {
        $done{raised} = raised_by('HTTP::Tiny-599', $response->{content});
    }
    $done{effects}{'body.pulled'} = ${$call->{pulled}} if $call->{lazy};
    %client = () if $message->{last};    # its destructor closes the connection
    undef $made;
    undef $call;
    send_message(\%done);
    return;
}

sub refuse {
    my ($message) = @_;
    send_message({type => 'unsupported', id => $message->{id}, why => 'HTTP::Tiny has read the response already'});
    return;
}

# An HTTP::Tiny closes its connection when it is forgotten. Where the object is used again, there is a new one.
sub forget {
    my ($message) = @_;
    send_message({type => 'calling', id => $message->{id}});
    my $made = $client{$message->{on}} ||= opened($message->{new}, '');
    delete $made->{http};
    send_message({type => 'done', id => $message->{id}});
    return;
}

sub finish {
    my ($message) = @_;
    send_message({type => 'calling', id => $message->{id}});
    %client = () if $message->{type} eq 'end';
    send_message({type => 'done', id => $message->{id}});
    return;
}

my %DOES = (
    request  => \&request,
    response => \&refuse,
    close    => \&forget,
    collect  => \&finish,
    end      => \&finish,
);

# the protocol ---------------------------------------------------------------------------------------------------------

# Returns the message of a line. JSON::PP takes no lone surrogate: such a message is answered, and undef returned.
sub decoded {
    my ($line) = @_;
    my $message = eval { $json->decode(Encode::decode('UTF-8', $line)) };
    return $message if $message;
    my $error = $@;
    my ($id) = $line =~ /"id"\s*:\s*(\d+)/;
    die $error if $error !~ /surrogate/ || !defined $id;
    send_message({type => 'unsupported', id => $id + 0, why => 'a lone surrogate is no character in Perl'});
    return;
}

sub handle {
    my $message = decoded($_[0]) or return;
    my $does = $DOES{$message->{type} || ''} or return;
    $does->($message);
    return;
}

# an exchange → a process --------------------------------------------------------------------------------------------

my $child;    # of the exchange that is going on: {pid, to, from}

# Starts a child, which handles the lines that it gets until no connection object is left. It tells so after each.
sub started {
    pipe my $lines, my $to   or die "there is no pipe: $!\n";
    pipe my $from, my $tells or die "there is no pipe: $!\n";
    $_->autoflush(1) for $to, $tells;
    my $pid = fork;
    die "there is no process: $!\n" if !defined $pid;
    if ($pid) {
        return {pid => $pid, to => $to, from => $from};
    }
    close $to;
    close $from;
    while (defined(my $line = <$lines>)) {
        handle($line);
        print {$tells} %client ? "open\n" : "over\n";
        last if !%client;
    }
    POSIX::_exit(0);    # what lies in buffers is the parent's
}

# Has the child handle a line; ends where it does not live to tell.
sub pass {
    my ($line) = @_;
    $child ||= started();
    local $SIG{PIPE} = 'IGNORE';
    print {$child->{to}} $line;
    my $told = readline $child->{from};
    exit 1 if !defined $told;
    return if $told eq "open\n";
    waitpid $child->{pid}, 0;
    undef $child;
    return;
}

my $line = <STDIN>;
exit 0 if !defined $line;
my $order = decoded($line);
if (($order->{protocol} || 0) != $PROTOCOL) {
    send_message({type => 'broken', why => 'this version of the protocol is not known', hint => 'use 1'});
    exit 0;
}
my $candidate = $order->{candidate};
if (defined $candidate && $candidate ne 'HTTP::Tiny') {
    send_message({type => 'broken', why => 'it drives HTTP::Tiny alone', hint => 'give HTTP::Tiny'});
    exit 0;
}
send_message({
    type     => 'hello',
    protocol => $PROTOCOL,
    driver   => {name => 'wireproof-perl', version => $VERSION, language => sprintf 'Perl %vd', $^V},
    client   => {name => 'HTTP::Tiny', version => "$HTTP::Tiny::VERSION"},
    can      => \%CAN,
    probes   => {},
});
pass($line) while defined($line = <STDIN>);
