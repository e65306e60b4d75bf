package MCPTest::HTTP::Serve;
# The server's side of HTTP/1.1 for the test peers: reads a request, writes a scripted reply.
#
# A request is {method, target, path, query, version, headers => [[n, v], ...], body, body_length, sha256, number}.
# A reply is a hash of
#   status, reason, headers => [[n, v], ...], body (bytes) or json (data)
#   interim => [[103, [[n, v], ...]], ...]   sent before it
#   delay   => seconds before the first byte
#   sse     => [text, ...]  events sent one by one, sse_delay seconds apart (default 0.2), chunked
#   chunks  => [bytes, ...] body in chunks, trailers => [[n, v], ...] after it
#   cut     => 1  Content-Length promises more than is sent, then the connection closes
#   endless => 1  a body that never ends (to 256 MB)       drip => seconds  one byte at a time
#   hang    => 1  no answer at all, connection stays open  reset => 1  connection closed without an answer
# (a delay and a hang end when the peer has closed the connection)
#   raw     => bytes written as they are, then closed      close => 1  closed after the reply

use v5.36;
use Digest::SHA 'sha256_hex';
use Exporter 'import';
use MCPTest::Util 'json_text';
use Socket qw(IPPROTO_TCP MSG_PEEK SOL_SOCKET SO_LINGER TCP_NODELAY);
use Time::HiRes 'time';

our @EXPORT_OK = qw(read_request send_reply header_of put);

my %REASON = (
    200 => 'OK', 202 => 'Accepted', 204 => 'No Content', 301 => 'Moved Permanently', 302 => 'Found', 400 => 'Bad Request',
    401 => 'Unauthorized', 403 => 'Forbidden', 404 => 'Not Found', 405 => 'Method Not Allowed', 500 => 'Internal Server Error',
    429 => 'Too Many Requests', 503 => 'Service Unavailable', 103 => 'Early Hints', 100 => 'Continue',
);

# The next request of a connection, or undef at its end. The body is read whole; Expect is answered with 100.
sub read_request ($reader) {
    my $line = $reader->line // return undef;
    my ($method, $target, $version) = $line =~ m{^(\S+) (.+) (HTTP/\d\.\d)\z} or die "bad request line: $line\n";
    my $request = { method => $method, target => $target, version => $version, headers => [ $reader->fields ] };
    $target =~ s{^http://[^/]+}{};    # RFC 9112 3.2.2: what a proxy is asked
    @$request{qw(path query)} = split /\?/, $target, 2;
    put($reader->socket, "HTTP/1.1 100 Continue\r\n\r\n") if (header_of($request, 'Expect') // '') =~ /100-continue/i;
    my $body = '';
    if ((header_of($request, 'Transfer-Encoding') // '') =~ /chunked/i) {
        ($body, $request->{trailers}) = $reader->chunked;
    }
    elsif (my $length = header_of($request, 'Content-Length')) {
        $body = $reader->bytes($length);
    }
    return add_body($request, $body);
}

# Notes a body in a request; a long one by its length and digest only.
sub add_body ($request, $body) {
    @$request{qw(body_length sha256)} = (length $body, sha256_hex($body));
    $request->{body} = $body if length $body <= 65536;
    return $request;
}

# The first value of a request's field, or undef.
sub header_of ($request, $name) {
    for my $field (@{ $request->{headers} }) { return $field->[1] if lc $field->[0] eq lc $name }
    return undef;
}

# Writes all bytes, or dies when the peer is gone.
sub put ($socket, $bytes) {
    my $sent = 0;
    while ($sent < length $bytes) {
        $sent += syswrite($socket, $bytes, length($bytes) - $sent, $sent) // die "peer gone\n";
    }
    return;
}

# Writes the reply; true when the connection can be used again.
sub send_reply ($socket, $request, $reply) {
    idle($socket, $reply->{delay}) if $reply->{delay};
    return abandon($socket, $reply) if $reply->{hang} || $reply->{reset};
    for my $interim (@{ $reply->{interim} // [] }) {
        put($socket, head($interim->[0], undef, $interim->[1]));
    }
    return (put($socket, $reply->{raw}), 0)[-1] if defined $reply->{raw};
    return send_stream($socket, $reply) if $reply->{sse} || $reply->{chunks} || $reply->{endless};
    return send_body($socket, $request, $reply);
}

# Sleeps for a part of a second too.
sub nap ($seconds) { select undef, undef, undef, $seconds; return }

# Sleeps unless the peer has gone: that is an end which can be read.
sub idle ($socket, $seconds) {
    my $end  = time + $seconds;
    my $bits = '';
    vec($bits, fileno($socket), 1) = 1;
    while ((my $left = $end - time) > 0) {
        next if !select my $ready = $bits, undef, undef, $left;
        my $there = recv $socket, my $byte, 1, MSG_PEEK;
        die "peer gone\n" if !defined $there || !length $byte;
        nap($left < 0.05 ? $left : 0.05);    # the next request waits
    }
    return;
}

sub abandon ($socket, $reply) {
    idle($socket, 600) if $reply->{hang};
    setsockopt $socket, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0);
    return 0;
}

sub head ($status, $reason, $fields) {
    $reason //= $REASON{$status} // 'Status';
    return "HTTP/1.1 $status $reason\r\n" . join('', map { "$_->[0]: $_->[1]\r\n" } @$fields) . "\r\n";
}

# The reply's own fields, after the given ones that it does not have itself.
sub with_defaults ($reply, @defaults) {
    my %has = map { lc $_->[0] => 1 } @{ $reply->{headers} // [] };
    return [ (grep { !$has{ lc $_->[0] } } @defaults), @{ $reply->{headers} // [] } ];
}

sub send_body ($socket, $request, $reply) {
    my $status = $reply->{status} // 200;
    my $type   = exists $reply->{json} ? 'application/json' : $reply->{type} // 'text/plain';
    my $body   = exists $reply->{json} ? json_text($reply->{json}) : $reply->{body} // '';
    my $bare   = $status == 204 || $status == 304;
    my $length = length($body) + ($reply->{cut} ? 1000 : 0);
    my @first  = $bare ? () : ([ 'Content-Type', $type ], [ 'Content-Length', $length ]);
    push @first, [ 'Connection', 'close' ] if $reply->{close};
    put($socket, head($status, $reply->{reason}, with_defaults($reply, @first)));
    $body = '' if $bare || $request->{method} eq 'HEAD';
    setsockopt $socket, IPPROTO_TCP, TCP_NODELAY, 1 if $reply->{drip};
    if ($reply->{drip}) { (put($socket, $_), nap($reply->{drip})) for split //, $body }
    else                { put($socket, $body) }
    return !$reply->{cut} && !$reply->{close};
}

sub send_stream ($socket, $reply) {
    my $type = $reply->{sse} ? 'text/event-stream' : $reply->{type} // 'application/json';
    put($socket, head($reply->{status} // 200, $reply->{reason}, with_defaults($reply, [ 'Content-Type', $type ], [ 'Transfer-Encoding', 'chunked' ])));
    if ($reply->{endless}) { chunk($socket, ' ' x 65536) for 1 .. 4096 }
    for my $event (@{ $reply->{sse} // [] }) {
        chunk($socket, "data: $event\n\n");
        nap($reply->{sse_delay} // 0.2);
    }
    chunk($socket, $_) for @{ $reply->{chunks} // [] };
    put($socket, "0\r\n" . join('', map { "$_->[0]: $_->[1]\r\n" } @{ $reply->{trailers} // [] }) . "\r\n");
    return !$reply->{close};
}

sub chunk ($socket, $bytes) { return put($socket, sprintf "%x\r\n%s\r\n", length $bytes, $bytes) }

1;
