package Soak::Requests;
# What clients of the soak ask for: requests of every kind, with what each is answered by its path, its body and the scopes of a good
# token.
#
#   my $request = Soak::Requests::take($random_kind_or_nothing);
#       # { kind, method, path, fields => [...], body, options => [...], status, need => 'scope scope', open, public, echo }
#   Soak::Requests::kinds();
#
# status: for a good token with the scopes of need. open: no token is needed, but one that is there must be good. public: a token
# makes no difference. instead: another status that counts as well where a scope lacks. echo: the backend says what it got.

use v5.36;
use MCPTest::Util 'json_text';
use Soak::Site;

my $LIMIT = 256 * 1024;    # MCPMaxBody

# kind => [ weight, maker ]
my @KINDS = (
    'GET'                  => [ 12, sub { plain('GET') } ],
    'body'                 => [ 8,  sub { plain('POST', body => noise(size(400_000))) } ],
    'body, chunked'        => [ 8,  sub { plain('POST', chunks(noise(size(400_000)))) } ],
    'body, Expect'         => [ 4,  sub { plain('POST', body => noise(1 + size(100_000)), options => [ expect => 1 ]) } ],
    'long answer'          => [ 6,  \&long_answer ],
    'operation, granted'   => [ 10, sub { operation(call('echo', size(200_000))) } ],
    'operation, chunked'   => [ 8,  sub { operation(call('echo', size(200_000)), chunked => 1) } ],
    'operation, its scope' => [ 10, sub { operation(call('delete_file', size(5_000)), need => 'use files:delete') } ],
    'operation, denied'    => [ 6,  sub { operation(call('secret', size(5_000)), status => 403, never => 1) } ],
    'operation, anonymous' => [ 4,  sub { operation(message('initialize', {}), open => 1, need => '') } ],
    'no JSON'              => [ 3,  sub { operation(substr(call('echo', 50), 0, -1 - int rand 40), status => 400, never => 1) } ],
    'a method twice'       => [ 3,  sub { operation('{"method":"tools/list",' . substr(call('echo', 50), 1), status => 400, never => 1) } ],
    'another name in the field' => [ 3, sub { operation(call('echo', 9), fields => [ 'Mcp-Name' => 'delete_x' ], status => 400, never => 1) } ],
    'body too large'       => [ 2,  sub { operation(call('echo', $LIMIT + size(100_000)), status => 413, never => 1) } ],
    'too large, chunked'   => [ 2,  sub { operation(call('echo', $LIMIT + size(100_000)), chunked => 1, status => 413, never => 1) } ],
    'another type'         => [ 2,  sub { operation(call('echo', 9), type => 'text/plain', status => 415, never => 1) } ],
    'foreign origin'       => [ 3,  \&foreign ],
    'preflight'            => [ 2,  \&preflight ],
    'metadata'             => [ 2,  sub { +{ method => 'GET', path => '/.well-known/oauth-protected-resource/mcp', public => 1 } } ],
    'path without authentication' => [ 4, sub { plain('GET', path => '/none', public => 1, echo => 0) } ],
);

sub kinds () { return map { $KINDS[ 2 * $_ ] } 0 .. $#KINDS / 2 }

sub take ($kind = undef) {
    state $maker = {@KINDS};
    state $bag   = [ map { ($_) x $maker->{$_}[0] } kinds() ];
    $kind //= $bag->[ rand @$bag ];
    return { status => 200, need => 'use', fields => [], options => [], %{ $maker->{$kind}[1]->() }, kind => $kind };
}

# Small ones often, large ones seldom: as many of 1 to 10 as of 10,000 to 100,000.
sub size ($most) { return int $most**rand }

sub noise ($size) { return join('', map { chr rand 256 } 1 .. 64) x ($size / 64) . 'e' x ($size % 64) }

# The body in pieces of any size; no piece at all is an empty body.
sub chunks ($body) {
    my ($at, @parts) = 0;
    while ($at < length $body) {
        push @parts, substr $body, $at, 1 + size(70_000);
        $at += length $parts[-1];
    }
    return (body => $body, options => [ chunked => @parts ? \@parts : [''] ]);
}

sub plain ($method, %more) { return { method => $method, path => '/plain/x', echo => 1, %more } }

sub long_answer () {
    my $size = size(500_000);
    return { method => 'GET', path => "/plain/x?size=$size", size => $size };
}

sub message ($method, $params) { return json_text({ jsonrpc => '2.0', id => 1 + int rand 1e6, method => $method, params => $params }) }
sub call ($name, $size) { return message('tools/call', { name => $name, arguments => { text => 't' x $size } }) }

sub operation ($body, %opt) {
    my @fields = ('Content-Type' => $opt{type} // 'application/json', Accept => 'application/json, text/event-stream', @{ $opt{fields} // [] });
    my %sent   = $opt{chunked} ? chunks($body) : (body => $body);
    my %more   = map { $_ => $opt{$_} } grep { exists $opt{$_} } qw(status need open never public);
    my @well   = $opt{status} && $opt{status} != 403 ? (instead => $opt{status}) : ();
    return { method => 'POST', path => '/mcp', fields => \@fields, echo => 1, %sent, %more, @well };
}

sub foreign () {
    return operation(call('echo', 9), fields => [ Origin => 'https://evil.example' ], status => 403, never => 1, public => 1);
}

sub preflight () {
    my @fields = (Origin => 'https://app.example', 'Access-Control-Request-Method' => 'POST');
    return { method => 'OPTIONS', path => '/mcp', fields => \@fields, status => 204, public => 1, never => 1 };
}

1;
