# A client that has a token and needs more: the 403 says what, and with it the SDK gets there or stops, and never loops.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib", "$FindBin::Bin/../lib";
use Test::More;
use MCPTest::Challenge qw(bearer complaints);
use MCPTest::Peers;
use MCPTest::Site;

MCPTest::Peers->need('node');

# Only to have two rules on one URL. It protects nothing: the field is the client's word (that is what MCPOperation is for).
sub on_call ($rule) { return qq(<If "%{HTTP:Mcp-Method} == 'tools/call'">\n$rule\n</If>\n) }

sub scopes_asked ($report) { return [ map { $_->{scope} } @{ $report->{asked} } ] }

sub refusals ($report, $status) { return grep { $_->{status} == $status && $_->{authorization} } @{ $report->{exchanges} } }

subtest 'one more authorization, for all that the call needs' => sub {
    my $site   = MCPTest::Site->start(location => on_call('Require mcp-scope mcp:read mcp:write'));
    my $report = MCPTest::Peers->client({}, $site->url, '--mirror');
    is $report->{error}, undef, 'no error';
    is_deeply scopes_asked($report), [ 'mcp:read', 'mcp:read mcp:write' ], 'scopes asked for';
    is $report->{calls}[0]{text}, 'Echo: hello', 'the call works in the same session';
    is_deeply [ map { $_->{payload}{scope} } @{ $report->{tokens} } ], [ 'mcp:read', 'mcp:read mcp:write' ], 'scopes granted';

    my ($refused, @more) = refusals($report, 403);
    is scalar @more, 0, 'refused once';
    is_deeply [ complaints($refused->{challenge}) ], [], 'a challenge that the weakest client can read';
    my $challenge = bearer($refused->{challenge});
    is_deeply [ map { $_->[0] } @{ $challenge->{params} } ], [qw(realm error error_description scope resource_metadata)], 'what it tells';
    is $challenge->{param}{error}, 'insufficient_scope', 'error';
    is $challenge->{param}{scope}, 'mcp:read mcp:write', 'every scope at once';
    is $challenge->{param}{resource_metadata}, $site->base . '/.well-known/oauth-protected-resource/mcp', 'resource_metadata';

    my @forwarded = $site->backend->requests;
    my ($scope) = map { $_->[1] } grep { lc $_->[0] eq 'x-mcp-scope' } @{ $forwarded[-1]{headers} };
    is $scope, 'mcp:read mcp:write', 'the backend learns the new scope';
    ok $site->keeps_secrets($report), 'no token in any log';
};

subtest 'a scope that implies the other is enough' => sub {
    my $site = MCPTest::Site->start(
        location => "MCPScopeImplies mcp:write mcp:read\n" . on_call('Require mcp-scope mcp:read mcp:write'));
    my $report = MCPTest::Peers->client({}, $site->url, '--mirror');
    is $report->{error}, undef, 'no error';
    is_deeply scopes_asked($report), [ 'mcp:read', 'mcp:write' ], 'only the broader one is asked for';
    is $report->{calls}[0]{text}, 'Echo: hello', 'the call works with it';
};

subtest 'an authorization server that does not grant it' => sub {
    my $site   = MCPTest::Site->start(as => [ '--scopes' => 'mcp:read' ], location => on_call('Require mcp-scope mcp:read mcp:write'));
    my $report = MCPTest::Peers->client({}, $site->url, '--mirror');
    like $report->{error}, qr/403/, 'the client gives up, and says why';
    my @challenges = map { $_->{challenge} } refusals($report, 403);
    is scalar @challenges, 2, 'after two refusals';
    is $challenges[0], $challenges[1], 'which say the same: that is how the SDK sees that it is going in circles';
    is scalar @{ $report->{asked} }, 2, 'and two authorizations';
};

subtest 'a token that expires during the session' => sub {
    my $site   = MCPTest::Site->start(as => [ '--ttl' => 2 ], location => "MCPClockSkew 0s\n");
    my @echo   = map { ('--call' => 'echo', qq({"message":"$_"})) } qw(one two);
    my $report = MCPTest::Peers->client({}, $site->url, '--wait' => 3, @echo);
    is $report->{error}, undef, 'no error';
    is_deeply [ map { $_->{text} } @{ $report->{calls} } ], [ 'Echo: one', 'Echo: two' ], 'both calls work';
    my ($refused, @more) = refusals($report, 401);
    is scalar @more, 0, 'refused once';
    my $challenge = bearer($refused->{challenge});
    is $challenge->{param}{error}, 'invalid_token', 'error';
    like $challenge->{param}{error_description}, qr/expired/, 'why';
    is $challenge->{param}{scope}, 'mcp:read', 'scope';
};

ok(MCPTest::Peers->alive, 'no peer ended by itself');
done_testing;
