# The demo's MCP server by itself: what each generation of clients expects of it.
use v5.36;
use HTTP::Tiny;
use IO::Socket::INET;
use JSON::PP;
use MCPTest::Util qw(project_dir);
use POSIX ();
use Test::More;

pipe my $read, my $write or die $!;
my $pid = fork() // die "fork: $!";
if (!$pid) {
    open STDOUT, '>&', $write or POSIX::_exit(126);
    exec $^X, project_dir() . '/demo/backend.pl' or POSIX::_exit(127);
}
END { local $?; kill TERM => $pid if $pid; }
close $write;
my $port = readline($read) =~ s/\n//r;
my $HTTP = HTTP::Tiny->new(proxy => undef, http_proxy => undef, timeout => 10);
my $META = { 'io.modelcontextprotocol/protocolVersion' => '2026-07-28' };

# (status, JSON or undef, header fields) for a body, which may be data or text.
sub post ($body, %opt) {
    my $text = ref $body ? encode_json($body) : $body;
    my $got  = $HTTP->post("http://127.0.0.1:$port" . ($opt{path} // '/mcp'), { content => $text, headers => { 'Content-Type' => 'application/json', %{ $opt{fields} // {} } } });
    return ($got->{status}, length $got->{content} ? decode_json($got->{content}) : undef, $got->{headers});
}

sub rpc ($method, $params = undef, %opt) {
    return post({ jsonrpc => '2.0', id => 'x1', method => $method, defined $params ? (params => $params) : () }, %opt);
}

sub call ($name, $arguments = {}, %opt) {
    my (undef, $json) = rpc('tools/call', { name => $name, arguments => $arguments }, %opt);
    return $json->{result} ? ($json->{result}{content}[0]{text}, $json->{result}{isError} ? 1 : 0) : ($json->{error}{code}, 'rpc');
}

subtest 'clients that begin with initialize' => sub {
    for my $version (qw(2025-03-26 2025-06-18 2025-11-25)) {
        my ($status, $json) = rpc('initialize', { protocolVersion => $version });
        is_deeply [ $status, @$json{qw(id jsonrpc)}, $json->{result}{protocolVersion} ], [ 200, 'x1', '2.0', $version ], "initialize $version";
        ok $json->{result}{serverInfo}{name} && $json->{result}{capabilities}{tools}, 'says who it is and what it has';
        ($status) = rpc('ping', undef, fields => { 'MCP-Protocol-Version' => $version });
        is $status, 200, 'and takes that version in the header field';
    }
    is +(rpc('initialize', { protocolVersion => $_ }))[1]{result}{protocolVersion}, '2025-11-25', "asked for $_: the latest it has" for '2024-11-05', '2026-07-28';
    my ($status, $json) = post({ jsonrpc => '2.0', method => 'notifications/initialized' });
    is_deeply [ $status, $json ], [ 202, undef ], 'a notification: 202 and no body';
    ($status, $json) = post({ jsonrpc => '2.0', id => 1, result => {} });
    is_deeply [ $status, $json ], [ 202, undef ], 'a response: the same';
    ($status, $json) = post([ { jsonrpc => '2.0', id => 1, method => 'ping' }, { jsonrpc => '2.0', method => 'notifications/x' } ]);
    is_deeply [ $status, $json ], [ 200, [ { jsonrpc => '2.0', id => 1, result => {} } ] ], 'a batch';
    is_deeply [ (post([ { jsonrpc => '2.0', method => 'notifications/x' } ]))[ 0, 1 ] ], [ 202, undef ], 'a batch of notifications';
    ($status, $json) = rpc('no/such');
    is_deeply [ $status, $json->{error}{code} ], [ 200, -32601 ], 'an unknown method';
};

subtest 'clients of 2026-07-28' => sub {
    my %new = (fields => { 'MCP-Protocol-Version' => '2026-07-28', 'Mcp-Method' => 'server/discover' });
    my ($status, $json) = rpc('server/discover', { _meta => $META }, %new);
    my $result = $json->{result};
    is_deeply [ $status, @$result{qw(resultType cacheScope)}, $result->{supportedVersions}[0] ], [ 200, 'complete', 'public', '2026-07-28' ], 'server/discover';
    ok $result->{ttlMs} && $result->{capabilities}{tools}, 'with the other members it must have';
    ($status, $json) = rpc('tools/list', { _meta => $META });
    is $json->{result}{resultType}, 'complete', 'tools/list says it is complete';
    ok !exists +(rpc('tools/list'))[1]{result}{resultType}, 'and does not where nobody would know the member';
    ($status, $json) = rpc('no/such', { _meta => $META });
    is_deeply [ $status, $json->{error}{code}, $json->{id} ], [ 404, -32601, 'x1' ], 'an unknown method is 404 with a JSON-RPC error';
    ($status, $json) = rpc('ping', { _meta => $META }, %new);
    is_deeply [ $status, $json->{error}{code} ], [ 400, -32020 ], 'Mcp-Method that is not the method';
    ($status, $json) = rpc('ping', undef, fields => { 'MCP-Protocol-Version' => '2031-01-01' });
    is_deeply [ $status, $json->{error}{code}, $json->{error}{data}{requested} ], [ 400, -32022, '2031-01-01' ], 'a version it has not';
};

subtest 'tools' => sub {
    my %admin = (path => '/admin-mcp');
    my $names = sub (%opt) { join ' ', map { $_->{name} } @{ (rpc('tools/list', undef, %opt))[1]{result}{tools} } };
    is $names->(), 'add read_note whoami', '/mcp';
    is $names->(%admin), 'read_note whoami write_note', '/admin-mcp';
    is_deeply [ call('add', { a => 2, b => 0.5 }) ], [ '2 + 0.5 = 2.5', 0 ], 'add';
    is_deeply [ call('add', $_->[0]) ], [ $_->[1], 1 ], $_->[1]
        for [ { a => 1 }, q(The argument 'b' is missing.) ], [ { a => '1', b => 1 }, q(The argument 'a' is no number.) ],
            [ { a => {}, b => 1 }, q(The argument 'a' is no number.) ], [ [], 'The arguments must be an object.' ];
    is_deeply [ call('write_note', { title => 't', text => "\x{263a}" }) ], [ -32602, 'rpc' ], 'write_note is no tool of /mcp';
    is_deeply [ call('write_note', { title => 't', text => "\x{263a}" }, %admin, fields => { 'X-MCP-Subject' => 'bob' }) ], [ 'Written: t', 0 ], 'but of /admin-mcp';
    is_deeply [ call('read_note', { title => 't' }) ], [ "\x{263a} (by bob)", 0 ], 'the note is there, with its author';
    is_deeply [ call('read_note', { title => 'none' }) ], [ q(There is no note 'none'.), 1 ], 'one that is not';
    like +(call('whoami', {}, fields => { 'X-Test' => 'seen' }))[0], qr/^x-test: seen$/m, 'whoami';
    is_deeply [ (rpc('tools/call', 'text'))[1]{error}{code}, (rpc('tools/call', {}))[1]{error}{code} ], [ -32602, -32602 ], 'params that are wrong';
};

subtest 'not MCP' => sub {
    for my $method (qw(GET DELETE PUT)) {
        my $got = $HTTP->request($method, "http://127.0.0.1:$port/mcp");
        is_deeply [ $got->{status}, $got->{headers}{allow} ], [ 405, 'POST' ], $method;
    }
    is +(post($_->[0]))[0], 400, $_->[1] for [ '{', 'no JSON' ], [ '[]', 'an empty batch' ], [ '7', 'a number' ], [ '{"id":1,"method":"ping"}', 'no version of JSON-RPC' ];
    is +(rpc('ping', undef, path => '/other'))[0], 404, 'another path';
    my $raw = sub ($bytes) {
        my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port) or die $@;
        print {$socket} $bytes;
        shutdown $socket, 1;
        local $/;
        return readline($socket) =~ /\AHTTP\/1\.1 (\d+)/ ? $1 : 'nothing';
    };
    is $raw->("nonsense\r\n\r\n"), 400, 'no HTTP';
    is $raw->("POST /mcp HTTP/1.1\r\nContent-Length: 5\r\n\r\nab"), 400, 'a body that never comes';
    is $raw->("POST /mcp HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n"), 413, 'a body too large';
    is +(rpc('ping'))[0], 200, 'and it still serves';
};

done_testing;
