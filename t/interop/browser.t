# Headless Chromium with a page of another origin: it reads the refusal, finds its way in and calls a tool.
# A page of an origin that is not allowed reads nothing.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib", "$FindBin::Bin/../lib";
use Test::More;
use MCPTest::Challenge 'bearer';
use MCPTest::Peers;
use MCPTest::Site;
use MCPTest::Util qw(free_port json_data);

MCPTest::Peers->need(qw(node chromium));

my $PORT   = free_port();
my $ORIGIN = "http://127.0.0.1:$PORT";
my $site   = MCPTest::Site->start(location => <<"CONF");
MCPAllowOrigin $ORIGIN
<If "%{HTTP:Mcp-Method} == 'tools/call'">
    Require mcp-scope mcp:read mcp:write
</If>
CONF
my $report   = MCPTest::Peers->browser({}, $site->url, '--port' => $PORT, '--mirror');
my $metadata = $site->base . '/.well-known/oauth-protected-resource/mcp';
is $report->{error}, undef, 'no error' or BAIL_OUT($report->{error});

subtest 'the page reads the refusal' => sub {
    my $seen = $report->{anonymous};
    is $seen->{refused}{status}, 401, 'POST: status';
    is $seen->{refused}{challenge}, qq(Bearer realm="interop", scope="mcp:read", resource_metadata="$metadata"), 'POST: challenge';
    is json_data($seen->{refused}{body})->{id}, 7, 'POST: body';
    is $seen->{refused_get}{status},    401,                          'GET: status';
    is $seen->{refused_get}{challenge}, $seen->{refused}{challenge},  'GET: challenge';
    is $seen->{bad_token}{status}, 401, 'bad token: status';
    is bearer($seen->{bad_token}{challenge})->{param}{error}, 'invalid_token', 'bad token: challenge';
};

subtest 'the page reads the metadata' => sub {
    my $seen = $report->{anonymous};
    is $seen->{metadata}{status}, 200, 'status';
    my $document = json_data($seen->{metadata}{body});
    is $document->{resource}, $site->url, 'resource';
    is_deeply $document->{authorization_servers}, [ $site->as->fact('issuer') ], 'authorization_servers';
    is $seen->{no_metadata}{status}, 404, 'no such resource: status';
    ok eval { json_data($seen->{no_metadata}{body}) }, 'no such resource: JSON';
};

subtest 'the SDK in the page gets in, and steps up' => sub {
    my @visits = @{ $report->{visits} };
    is_deeply [ map { $_->{leave} ? 'leaves' : 'stays' } @visits ], [qw(leaves leaves stays)], 'two authorizations';
    my $last = $visits[-1];
    is $last->{error}, undef, 'no error';
    is_deeply [ map { $_->{scope} } @{ $last->{asked} } ], [ 'mcp:read', 'mcp:read mcp:write' ], 'scopes asked for';
    ok((grep { $_ eq 'echo' } @{ $last->{tools} }), 'tools/list');
    is $last->{text}, 'Echo: from a page', 'tools/call';
};

subtest 'fetch by hand' => sub {
    my $seen = $report->{by_hand};
    is $seen->{opened}{status}, 200, 'initialize';
    ok $seen->{opened}{session}, 'the session id can be read';
    is $seen->{called}{status}, 200, 'tools/call';
    like $seen->{called}{body}, qr/Echo: by hand/, 'its answer';
};

subtest 'a page of an origin that is not allowed' => sub {
    my $seen = $report->{foreign};
    for my $name (qw(refused refused_get bad_token)) {
        like $seen->{$name}{error}, qr/Failed to fetch/, "$name: the browser keeps it from the page";
    }
};

subtest 'what httpd saw' => sub {
    my @preflights = grep { $_->{method} eq 'OPTIONS' && $_->{origin} eq $ORIGIN } $site->access;
    my @stranger   = grep { $_->{method} ne 'OPTIONS' && $_->{origin} ne $ORIGIN && $_->{path} eq '/mcp' } $site->access;
    ok scalar(grep { $_->{path} eq '/mcp' } @preflights),        'preflights of the endpoint';
    ok scalar(grep { $_->{path} =~ /well-known/ } @preflights),  'preflights of the metadata';
    is_deeply [ grep { $_->{status} != 204 } @preflights ], [], 'all answered 204';
    is_deeply [ map { "$_->{method} $_->{status}" } @stranger ], ['GET 403'], 'a stranger that needs no preflight: 403';
    is_deeply [ grep { $_->{method} eq 'OPTIONS' } $site->backend->requests ], [], 'no preflight reaches the backend';
    ok $site->keeps_secrets($report->{visits}[-1]), 'no token in any log';
};

ok(MCPTest::Peers->alive, 'no peer ended by itself');
done_testing;
