# The TypeScript SDK client is given the bare URL and gets in: challenge, metadata, registration, PKCE, token, tools.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib", "$FindBin::Bin/../lib";
use Test::More;
use MCPTest::Challenge 'bearer';
use MCPTest::HTTP;
use MCPTest::Peers;
use MCPTest::Site;
use MCPTest::Util 'json_data';

MCPTest::Peers->need('node');

my @SLOW = ('--call' => 'trigger-long-running-operation', '{"duration":1.2,"steps":3}');

subtest 'from the bare URL to a tool' => sub {
    my $site   = MCPTest::Site->start;
    my $report = MCPTest::Peers->client({}, $site->url, '--call' => 'echo', '{"message":"hello"}', @SLOW);
    is $report->{error}, undef, 'no error';

    subtest 'what went over the wire' => sub {
        my $metadata = 'GET /.well-known/oauth-protected-resource/mcp 200';
        my @lines    = $site->exchanges($report);
        is_deeply [ grep { !/^GET \/mcp / } @lines ], [
            'POST /mcp initialize 401', $metadata, $metadata,
            'POST /mcp initialize 200', 'POST /mcp notifications/initialized 202', 'POST /mcp tools/list 200', ('POST /mcp tools/call 200') x 2, 'DELETE /mcp 200',
        ], 'requests in order';
        is_deeply [ grep { /^GET \/mcp / } @lines ], ['GET /mcp 200'], 'the event stream opens, once';
    };
    subtest 'the first answer' => sub {
        my $first = $report->{exchanges}[0];
        is $first->{challenge},
            'Bearer realm="interop", scope="mcp:read", resource_metadata="' . $site->base . '/.well-known/oauth-protected-resource/mcp"',
            'challenge';
        is $first->{type}, 'application/json', 'type';
        my $body = json_data($first->{body});
        is $body->{jsonrpc},     '2.0',  'JSON-RPC';
        is $body->{id},          0,      'the id of the request, which is 0';
        is $body->{error}{code}, -32000, 'code';
    };
    subtest 'what was asked of the authorization server, and given' => sub {
        is_deeply $report->{asked}, [ { scope => 'mcp:read', resource => $site->url, code_challenge_method => 'S256' } ], 'one authorization';
        my ($token) = @{ $report->{tokens} };
        is $token->{header}{typ},  'at+jwt',   'an RFC 9068 token';
        is $token->{payload}{aud}, $site->url, 'bound to the resource';
        my ($form) = grep { $_ } map { $_->{form} } @{ $report->{exchanges} };
        is $form->{resource}, $site->url, 'resource at the token endpoint too';
    };
    subtest 'the tools' => sub {
        is $report->{server}, 'mcp-servers/everything', 'the server that answered';
        ok((grep { $_ eq 'echo' } @{ $report->{tools} }), 'tools/list names echo');
        my ($echo, $slow) = @{ $report->{calls} };
        is $echo->{text}, 'Echo: hello', 'tools/call';
        like $slow->{text}, qr/completed/, 'a call that takes its time';
        cmp_ok $slow->{progress}[0] // 0, '>', 500, 'its progress arrives while it runs';
    };
    subtest 'what the backend saw' => sub {
        my @requests = $site->backend->requests;
        my $payload  = $report->{tokens}[0]{payload};
        is scalar @requests, 7, 'the seven requests with a token, and no other';
        is_deeply $site->fields(@requests), {
            'authorization'   => [],
            'x-mcp-subject'   => ['alice'],
            'x-mcp-scope'     => ['mcp:read'],
            'x-mcp-client-id' => [ $payload->{client_id} ],
            'x-mcp-issuer'    => [ $site->as->fact('issuer') ],
        }, 'who calls, and no token';
    };
    ok $site->keeps_secrets($report), 'no token in any log';
};

subtest 'a token for one resource opens no other' => sub {
    my $site   = MCPTest::Site->start;
    my $report = MCPTest::Peers->client({}, $site->url);
    my $token  = $report->{tokens}[0]{token};
    my $http   = MCPTest::HTTP->new($site->base);
    my $other  = $http->post_json('/other', { jsonrpc => '2.0', id => 'x', method => 'ping' }, Authorization => "Bearer $token");
    is $other->status, 401, 'status';
    my $challenge = bearer($other->headers('WWW-Authenticate'));
    is $challenge->{param}{error}, 'invalid_token', 'error';
    is $challenge->{param}{resource_metadata}, $site->base . '/.well-known/oauth-protected-resource/other', 'its own metadata';
    is $other->json->{id}, 'x', 'id';
};

subtest 'an authorization server that comes back with new keys' => sub {
    my $site   = MCPTest::Site->start;
    my $before = MCPTest::Peers->client({}, $site->url);
    $site->restart_as;
    my $after = MCPTest::Peers->client({}, $site->url);
    isnt $after->{tokens}[0]{header}{kid}, $before->{tokens}[0]{header}{kid}, 'another key';
    is $after->{error}, undef, 'no error';
    is $after->{calls}[0]{text}, 'Echo: hello', 'the tool answers';
    is scalar(grep { $_->{authorization} && $_->{status} == 401 } @{ $after->{exchanges} }), 0, 'no good token refused';
};

for my $alg (qw(ES256 PS256 EdDSA)) {
    subtest "an authorization server that signs with $alg" => sub {
        my $site   = MCPTest::Site->start(as => [ '--alg' => $alg ]);
        my $report = MCPTest::Peers->client({}, $site->url);
        is $report->{error}, undef, 'no error';
        is $report->{tokens}[0]{header}{alg}, $alg, 'signed with it';
        is $report->{calls}[0]{text}, 'Echo: hello', 'the tool answers';
    };
}

ok(MCPTest::Peers->alive, 'no peer ended by itself');
done_testing;
