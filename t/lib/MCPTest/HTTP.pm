package MCPTest::HTTP;
# A raw HTTP/1.1 client: sends exactly the fields it is given, in order, duplicates included.
#
#   my $http = MCPTest::HTTP->new($httpd->url);             # or a port number
#   my $res  = $http->request(POST => '/mcp', [Authorization => "Bearer $token"], $body);
#   my $res  = $http->get('/mcp', Authorization => "Bearer $token");
#   my $res  = $http->post_json('/mcp', $data_or_text, Authorization => ...);
#   my @res  = $http->pipeline([GET => '/a', []], [GET => '/b', []]);
#   my @res  = $http->raw("GET / HTTP/1.1\r\n...", count => 1);
#   my $stream = $http->open(GET => '/sse', [...]); $stream->response->status; $stream->read_until(qr/two/, 2);
#
# Host is added when the list has none, Content-Length when there is a body and neither it nor
# Transfer-Encoding is in the list. Options of request: expect => 1 (100-continue: the body waits for the 100),
# chunked => [parts] (body in chunks), keep => 1 (use and keep the connection of this object), timeout => seconds.

use v5.36;
use IO::Socket::INET;
use MCPTest::HTTP::Response;
use MCPTest::Reader;
use MCPTest::Util 'json_text';

sub new ($class, $where, %opt) {
    my ($host, $port) = $where =~ m{^(?:http://)?(?:([\w.-]+):)?(\d+)} or die "not an address: $where";
    return bless { host => $host // '127.0.0.1', port => $port, timeout => $opt{timeout} // 15 }, $class;
}

sub get ($self, $target, @fields) { return $self->request(GET => $target, \@fields) }

# A POST with the field set of an MCP client; the body is data (encoded here) or JSON text.
sub post_json ($self, $target, $body, @fields) {
    my $text = ref $body ? json_text($body) : $body;
    return $self->request(POST => $target,
        [ 'Content-Type' => 'application/json', Accept => 'application/json, text/event-stream', @fields ], $text);
}

# One request and its response.
sub request ($self, $method, $target, $fields = [], $body = undef, %opt) {
    my $reader = $self->_reader(%opt) or return MCPTest::HTTP::Response->new(error => "connect: $!");
    my $head   = $self->_head($method, $target, $fields, $body, %opt);
    my $bytes  = $opt{chunked} ? _chunks(@{ $opt{chunked} }) : $body // '';
    my $res    = $opt{expect} ? $self->_continue($reader, $method, $head, $bytes) : $self->_exchange($reader, $method, $head . $bytes);
    delete $self->{reader} if $self->{reader} && (!$res->status || ($res->header('Connection') // '') =~ /close/i);
    return $res;
}

# Several requests written at once on one connection; the responses in order.
sub pipeline ($self, @requests) {
    my $reader = $self->_reader or return MCPTest::HTTP::Response->new(error => "connect: $!");
    my $bytes  = join '', map { my ($m, $t, $f, $b) = @$_; $self->_head($m, $t, $f // [], $b) . ($b // '') } @requests;
    _send($reader, $bytes);
    return map { _response($reader, $_->[0]) } @requests;
}

# Bytes as they are; reads `count` responses (default 1). half_close => 1 ends our side first.
sub raw ($self, $bytes, %opt) {
    my $reader = $self->_reader(%opt) or return MCPTest::HTTP::Response->new(error => "connect: $!");
    _send($reader, $bytes);
    shutdown $reader->socket, 1 if $opt{half_close};
    my @responses = map { _response($reader, $opt{method} // 'GET') } 1 .. $opt{count} // 1;
    return wantarray ? @responses : $responses[0];
}

# Sends a request and reads only the response's head: a stream whose body is read bit by bit.
sub open ($self, $method, $target, $fields = [], $body = undef, %opt) {
    my $reader = $self->_reader(%opt) or die "connect: $!";
    _send($reader, $self->_head($method, $target, $fields, $body) . ($body // ''));
    my $res = eval { _head_of($reader) } // MCPTest::HTTP::Response->new(error => $@ =~ s/\n//r);
    return bless { reader => $reader, response => $res, seen => '' }, 'MCPTest::HTTP::Stream';
}

# Ends the connection that keep => 1 holds.
sub close ($self) { delete $self->{reader}; return }

sub _reader ($self, %opt) {
    return $self->{reader} if $opt{keep} && $self->{reader};
    my $socket = IO::Socket::INET->new(PeerAddr => $self->{host}, PeerPort => $self->{port}, Proto => 'tcp', Timeout => 5) or return;
    my $reader = MCPTest::Reader->new($socket, $opt{timeout} // $self->{timeout});
    $self->{reader} = $reader if $opt{keep};
    return $reader;
}

sub _head ($self, $method, $target, $fields, $body, %opt) {
    my @pairs = @$fields;
    my %has;
    for (my $i = 0; $i < @pairs; $i += 2) { $has{ lc $pairs[$i] } = 1 }
    unshift @pairs, Host => "$self->{host}:$self->{port}" if !$has{host};
    push @pairs, 'Transfer-Encoding' => 'chunked' if $opt{chunked} && !$has{'transfer-encoding'};
    push @pairs, 'Content-Length'    => length $body if defined $body && !$opt{chunked} && !$has{'content-length'} && !$has{'transfer-encoding'};
    push @pairs, Expect              => '100-continue' if $opt{expect} && !$has{expect};
    my $head = "$method $target HTTP/1.1\r\n";
    while (my ($name, $value) = splice @pairs, 0, 2) { $head .= "$name: $value\r\n" }
    return "$head\r\n";
}

sub _chunks (@parts) {
    return join('', map { sprintf "%x\r\n%s\r\n", length $_, $_ } grep { length } @parts) . "0\r\n\r\n";
}

sub _exchange ($self, $reader, $method, $bytes) {
    _send($reader, $bytes);
    return _response($reader, $method);
}

# Expect: 100-continue: the body goes out after the 100 only; a final answer before it is the response.
sub _continue ($self, $reader, $method, $head, $body) {
    _send($reader, $head);
    my $first = eval { _message($reader, $method) } // return MCPTest::HTTP::Response->new(error => $@ =~ s/\n//r);
    return $first if $first->status >= 200;
    _send($reader, $body);
    my $res = _response($reader, $method);
    unshift @{ $res->{interim} }, $first;
    return $res;
}

# A peer that stopped reading (an early refusal) is no error here: its answer is what counts.
sub _send ($reader, $bytes) {
    local $SIG{PIPE} = 'IGNORE';
    my $sent = 0;
    while ($sent < length $bytes) {
        my $n = syswrite $reader->socket, $bytes, length($bytes) - $sent, $sent;
        return if !defined $n;
        $sent += $n;
    }
    return;
}

sub _response ($reader, $method) {
    my @interim;
    my $res = eval {
        my $message;
        while (1) {
            $message = _message($reader, $method);
            last if $message->status >= 200 || $message->status == 101;
            push @interim, $message;
        }
        $message;
    };
    $res //= MCPTest::HTTP::Response->new(error => $@ =~ s/\n//r);
    $res->{interim} = \@interim;
    return $res;
}

sub _head_of ($reader) {
    my $line = $reader->line // die "eof\n";
    my ($version, $status, $reason) = $line =~ m{^(HTTP/\d\.\d) (\d{3})(?: (.*))?\z} or die "bad status line: $line\n";
    return MCPTest::HTTP::Response->new(version => $version, status => $status, reason => $reason // '', fields => [ $reader->fields ]);
}

sub _message ($reader, $method) {
    my $res    = _head_of($reader);
    my $status = $res->status;
    return $res if $method eq 'HEAD' || $status < 200 || $status == 204 || $status == 304;
    if (($res->header('Transfer-Encoding') // '') =~ /chunked/i) {
        @$res{qw(body trailers)} = $reader->chunked;
    }
    elsif (defined(my $length = $res->header('Content-Length'))) {
        $res->{body} = $reader->bytes($length);
    }
    else {
        $res->{body} = $reader->rest;
    }
    return $res;
}

package MCPTest::HTTP::Stream;
# An open response: response (its head) and read_until.

sub response ($self) { return $self->{response} }

# Reads until what came so far matches or the seconds are over: everything so far, or undef. Chunk framing stays in.
sub read_until ($self, $pattern, $seconds = 5) {
    $self->{reader}->timeout($seconds);
    $self->{reader}->fill or return undef while $self->{reader}->buffer !~ $pattern;
    return $self->{reader}->buffer;
}

sub close ($self) { close $self->{reader}->socket; return }

1;
