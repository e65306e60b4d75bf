package MCPTest::Backend::Gateway;
# FastCGI, SCGI and uwsgi for MCPTest::Backend: decodes the CGI variables and the body of one request per connection.
# The variables are the request's params; headers is empty, as these protocols have none of their own.

use v5.36;
use MCPTest::HTTP::Serve;
use MCPTest::Reader;
use MCPTest::Util 'json_text';

use constant { FCGI_BEGIN => 1, FCGI_END => 3, FCGI_PARAMS => 4, FCGI_STDIN => 5, FCGI_STDOUT => 6 };

my %READ  = (fcgi => \&read_fcgi, scgi => \&read_scgi, uwsgi => \&read_uwsgi);
my %WRITE = (fcgi => \&write_fcgi, scgi => \&write_cgi, uwsgi => \&write_uwsgi);

sub serve ($backend, $proto, $socket) {
    my $reader = MCPTest::Reader->new($socket, 300);
    my ($params, $body) = $READ{$proto}->($reader);
    my $request = {
        method  => $params->{REQUEST_METHOD},
        target  => $params->{REQUEST_URI},
        path    => ($params->{REQUEST_URI} // '') =~ s/\?.*//sr,
        query   => $params->{QUERY_STRING},
        version => $params->{SERVER_PROTOCOL},
        headers => [],
        params  => $params,
    };
    MCPTest::HTTP::Serve::add_body($request, $body);
    $backend->record($request);
    my $reply = $backend->answer($request);
    MCPTest::HTTP::Serve::nap($reply->{delay}) if $reply->{delay};
    $WRITE{$proto}->($socket, $reply);
    return;
}

# FastCGI 1.0, 3.3: records of an 8 byte head, content and padding.
sub read_fcgi ($reader) {
    my %stream = (FCGI_PARAMS, '', FCGI_STDIN, '');
    while (1) {
        my (undef, $type, undef, $length, $padding) = unpack 'CCnnC', $reader->bytes(8);
        my $content = $reader->bytes($length);
        $reader->bytes($padding);
        $stream{$type} .= $content if exists $stream{$type};
        last if $type == FCGI_STDIN && !$length;
    }
    return (fcgi_params($stream{ +FCGI_PARAMS }), $stream{ +FCGI_STDIN });
}

# FastCGI 1.0, 3.4: name-value pairs, each length in one byte or four.
sub fcgi_params ($bytes) {
    my %params;
    my $length = sub {
        my $one = unpack 'C', $bytes;
        return $one < 128 ? unpack('C', substr $bytes, 0, 1, '') : unpack('N', substr $bytes, 0, 4, '') & 0x7fffffff;
    };
    while (length $bytes) {
        my ($n, $v) = ($length->(), $length->());
        my $name = substr $bytes, 0, $n, '';
        $params{$name} = substr $bytes, 0, $v, '';
    }
    return \%params;
}

sub write_fcgi ($socket, $reply) {
    my $text = cgi_text('Status:', $reply);
    while (length $text) {
        my $part = substr $text, 0, 32768, '';
        MCPTest::HTTP::Serve::put($socket, pack('CCnnCC', 1, FCGI_STDOUT, 1, length $part, 0, 0) . $part);
    }
    MCPTest::HTTP::Serve::put($socket, pack('CCnnCC', 1, FCGI_STDOUT, 1, 0, 0, 0) . pack('CCnnCC', 1, FCGI_END, 1, 8, 0, 0) . "\0" x 8);
    return;
}

# SCGI: a netstring of NUL-separated pairs, then CONTENT_LENGTH bytes.
sub read_scgi ($reader) {
    my $size = '';
    while ((my $byte = $reader->bytes(1)) ne ':') { $size .= $byte }
    my %params = split /\0/, $reader->bytes($size) =~ s{\0\z}{}r, -1;
    $reader->bytes(1);
    return (\%params, $reader->bytes($params{CONTENT_LENGTH} || 0));
}

sub write_cgi ($socket, $reply) {
    MCPTest::HTTP::Serve::put($socket, cgi_text('Status:', $reply));
    return;
}

# uwsgi: modifier, little-endian size, modifier, then pairs with 16 bit lengths.
sub read_uwsgi ($reader) {
    my (undef, $size) = unpack 'Cv', $reader->bytes(4);
    my $bytes = $reader->bytes($size);
    my %params;
    while (length $bytes) {
        my ($name, $value) = unpack 'v/a* v/a*', $bytes;
        substr $bytes, 0, 4 + length($name) + length($value), '';
        $params{$name} = $value;
    }
    return (\%params, $reader->bytes($params{CONTENT_LENGTH} || 0));
}

sub write_uwsgi ($socket, $reply) {
    MCPTest::HTTP::Serve::put($socket, cgi_text('HTTP/1.0', $reply));
    return;
}

sub cgi_text ($first, $reply) {
    my $body   = exists $reply->{json} ? json_text($reply->{json}) : $reply->{body} // '';
    my $fields = MCPTest::HTTP::Serve::with_defaults($reply, [ 'Content-Type', exists $reply->{json} ? 'application/json' : 'text/plain' ]);
    my $status = ($reply->{status} // 200) . ' ' . ($reply->{reason} // 'Status');
    return "$first $status\r\n" . join('', map { "$_->[0]: $_->[1]\r\n" } @$fields) . "\r\n$body";
}

1;
