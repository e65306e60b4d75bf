# Rules for single tools (MCPOperation) and real clients of both generations of the SDK: each finds its way to the scope that one
# tool needs, in the middle of its session, and its session goes on.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib", "$FindBin::Bin/../lib";
use Test::More;
use MCPTest::Challenge qw(bearer complaints);
use MCPTest::Peers;
use MCPTest::Site;

MCPTest::Peers->need('node');

# offline_access: SDK 2 adds it to what the challenge says where the authorization server offers it.
my %WORLD = (
    'SDK 1, server-everything' => {
        sdk => 1, backend => 'backend', free => [ 'echo', '{"message":"hello"}' ], guarded => [ 'get-sum', '{"a":1,"b":2}' ],
        texts => [ 'Echo: hello', 'The sum of 1 and 2 is 3.', 'Echo: hello' ], offline => '',
        opening => [ 'POST /mcp initialize 401', 'POST /mcp initialize 200', 'POST /mcp notifications/initialized 202' ], end => ['DELETE /mcp 200'],
    },
    'SDK 2, server-everything' => {
        sdk => 2, backend => 'backend', free => [ 'echo', '{"message":"hello"}' ], guarded => [ 'get-sum', '{"a":1,"b":2}' ],
        texts => [ 'Echo: hello', 'The sum of 1 and 2 is 3.', 'Echo: hello' ], offline => ' offline_access',
        opening => [
            'POST /mcp server/discover 401', 'POST /mcp server/discover 400', 'POST /mcp initialize 200', 'POST /mcp notifications/initialized 202',
        ],
        end => ['DELETE /mcp 200'],
    },
    'SDK 2, 2026-07-28' => {
        sdk => 2, backend => 'two_eras', free => [ 'test_simple_text', '{}' ], guarded => [ 'test_embedded_resource', '{}' ],
        texts => [ 'This is a simple text response for testing.', '', 'This is a simple text response for testing.' ], offline => ' offline_access',
        opening => [ 'POST /mcp server/discover 401', 'POST /mcp server/discover 200' ], end => [],
    },
);

sub session ($world, $rules, @calls) {
    my $site = MCPTest::Site->start(backend => $world->{backend}, location => $rules);
    return ($site, MCPTest::Peers->client({}, $site->url, '--sdk' => $world->{sdk}, map { ('--call' => @$_) } @calls));
}

# What went to the endpoint, but for the event stream of 2025, which opens when it likes.
sub messages ($site, $report) { return [ grep { m{^\w+ /mcp } && !/^GET / } $site->exchanges($report) ] }

sub scopes_asked ($report) { return [ map { $_->{scope} } @{ $report->{asked} } ] }

sub refusal ($report, $status) { return grep { $_->{status} == $status && $_->{authorization} } @{ $report->{exchanges} } }

# What each request to the backend said beside its body: [method, tool], nothing for clients of 2025.
sub mirrored (@requests) {
    my @fields = map { +{ map { lc $_->[0] => $_->[1] } @{ $_->{headers} } } } @requests;
    return [ map { join ' ', $_->{'mcp-method'} // (), $_->{'mcp-name'} // () } @fields ];
}

sub steps_up ($world) {
    my ($free, $guarded) = @$world{qw(free guarded)};
    my ($site, $report) = session($world, "MCPOperation tools/call $guarded->[0] mcp:write\n", $free, $guarded, $free);
    is $report->{error}, undef, 'no error';
    is_deeply messages($site, $report), [
        @{ $world->{opening} }, 'POST /mcp tools/list 200', 'POST /mcp tools/call 200', 'POST /mcp tools/call 403', ('POST /mcp tools/call 200') x 2,
        @{ $world->{end} },
    ], 'refused once, and the session goes on';
    is_deeply [ map { $_->{text} // '' } @{ $report->{calls} } ], $world->{texts}, 'every call has its result';
    is_deeply scopes_asked($report), [ map { $_ . $world->{offline} } 'mcp:read', 'mcp:read mcp:write' ], 'scopes asked for';

    my ($refused) = refusal($report, 403);
    is_deeply [ complaints($refused->{challenge}) ], [], 'a challenge that the weakest client can read';
    my $param = bearer($refused->{challenge})->{param};
    is $param->{error}, 'insufficient_scope', 'error';
    is $param->{scope}, 'mcp:read mcp:write', 'every scope at once';
    is $param->{resource_metadata}, $site->base . '/.well-known/oauth-protected-resource/mcp', 'resource_metadata';
    is scalar(grep { $_->{method} eq 'POST' } $site->backend->requests), @{ messages($site, $report) } - 2 - @{ $world->{end} },
        'the backend saw neither what was refused';
    ok $site->keeps_secrets($report), 'no token in any log';
    return;
}

sub gives_up ($world) {
    my ($free, $guarded) = @$world{qw(free guarded)};
    my ($site, $report) = session($world, "MCPOperation tools/call $guarded->[0] denied\n", $free, $guarded);
    like $report->{error}, qr/The operation is not allowed here/, 'the client says what the answer says';
    my ($refused, @more) = refusal($report, 403);
    is scalar @more, 0, 'refused once';
    is $refused->{challenge}, undef, 'without a challenge';
    is scalar @{ $report->{asked} }, 1, 'so nobody is asked again';
    is scalar @{ $report->{calls} }, 1, 'the call before it worked';
    return;
}

for my $name (sort keys %WORLD) {
    subtest "$name: one tool needs a scope more"  => sub { steps_up($WORLD{$name}) };
    subtest "$name: one tool is there for nobody" => sub { gives_up($WORLD{$name}) };
}

subtest 'SDK 2, 2026-07-28: only tools need a login' => sub {
    my $world = $WORLD{'SDK 2, 2026-07-28'};
    my ($site, $report) = session($world, "MCPOperation server/discover * anonymous\nMCPOperation tools/list * anonymous\n", $world->{free});
    is $report->{error}, undef, 'no error';
    is_deeply messages($site, $report), [
        'POST /mcp server/discover 200', 'POST /mcp tools/list 200', 'POST /mcp tools/call 401', 'POST /mcp tools/call 200',
    ], 'the client looks around, and logs in when it calls';
    is_deeply mirrored($site->backend->requests), [ 'server/discover', 'tools/list', "tools/call $world->{free}[0]" ], 'with what it mirrors';
    is scalar @{ $report->{asked} }, 1, 'one authorization';
};

ok(MCPTest::Peers->alive, 'no peer ended by itself');
done_testing;
