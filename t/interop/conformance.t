# The MCP conformance suite against two servers, and against the same servers behind the module: every check comes out the same.
# The suite knows no tokens, so httpd adds one to requests that have none, before anything looks at them.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib", "$FindBin::Bin/../lib";
use Test::More;
use MCPTest::HTTP;
use MCPTest::Httpd;
use MCPTest::JWT;
use MCPTest::Key;
use MCPTest::Peers;

MCPTest::Peers->need('node');

# disablereuse: node closes what was idle for five seconds, perhaps just when httpd sends a request on it.
my $CONF = <<'CONF';
<MCPIssuer "https://auth.example.com">
    MCPKeys file:@ROOT@/conf/keys.json
</MCPIssuer>
RequestHeader setifempty Authorization "Bearer @TOKEN@" early
<Location "/mcp">
    AuthType MCP
    MCPResource http://127.0.0.1:@PORT@/mcp
    MCPAudience urn:conformance
    Require mcp-scope mcp:use
    ProxyPass http://127.0.0.1:@BACKEND@/mcp disablereuse=on
</Location>
CONF

sub behind_the_module ($backend) {
    my $key = MCPTest::Key->get('P-256');
    my $jwt = MCPTest::JWT->new(key => $key, iss => 'https://auth.example.com', aud => 'urn:conformance');
    return MCPTest::Httpd->start(
        conf  => $CONF,
        files => { 'conf/keys.json' => MCPTest::Key::jwks($key) },
        vars  => { BACKEND => $backend->fact('port'), TOKEN => $jwt->mint(scope => 'mcp:use') },
    );
}

sub outcomes ($report) { return map { "$_->{scenario}: $_->{id}, $_->{name}: $_->{status}" } @{ $report->{checks} // [] } }

# The checks that are not in both, the first list's with < and the second's with >.
sub differences ($direct, $through) {
    my %count;
    $count{$_}++ for @$direct;
    $count{$_}-- for @$through;
    return [ map { ($count{$_} > 0 ? '< ' : '> ') . $_ } grep { $count{$_} } sort keys %count ];
}

sub callers ($backend) {
    my %seen;
    for my $request ($backend->requests) {
        my ($subject) = map { $_->[1] } grep { lc $_->[0] eq 'x-mcp-subject' } @{ $request->{headers} };
        $seen{ $subject // 'nobody' }++;
    }
    return \%seen;
}

# least: how many checks pass at least, so that a suite that cannot get at its server is no success.
sub compare ($server, $revision, %expect) {
    my $backend = MCPTest::Peers->$server;
    my $direct  = MCPTest::Peers->conformance({}, 'http://127.0.0.1:' . $backend->fact('port') . '/mcp', $revision);
    is $direct->{error}, undef, 'the suite gets along with the server';
    my $passed = grep { $_->{status} eq 'SUCCESS' } @{ $direct->{checks} };
    cmp_ok $passed, '>=', $expect{least}, "$passed checks pass directly";
    my $before = callers($backend)->{nobody};

    my $httpd   = behind_the_module($backend);
    my $through = MCPTest::Peers->conformance({}, $httpd->url('/mcp'), $revision);
    is_deeply differences([ outcomes($direct) ], [ outcomes($through) ]), $expect{differences} // [], 'and the same through the module';
    my $callers = callers($backend);
    is $callers->{nobody}, $before, 'no request got through without an identity';
    cmp_ok $callers->{alice} // 0, '>=', 50, 'and many with one';

    my $stranger = MCPTest::HTTP->new($httpd->url)->post_json('/mcp', { jsonrpc => '2.0', id => 1, method => 'ping' }, Authorization => 'Bearer x.y.z');
    is $stranger->status, 401, 'who brings a wrong token stays outside';
    undef $backend;    # before httpd, which else waits for event streams that the suite has left open
    return;
}

# This server takes requests from any web page; the module does not let them through.
my $rebinding = 'dns-rebinding-protection: localhost-host-rebinding-rejected, DNSRebindingRejected:';
subtest 'server-everything, 2025-11-25' => sub {
    compare('backend', '2025-11-25', least => 45, differences => [ "< $rebinding FAILURE", "> $rebinding SUCCESS" ]);
};

subtest 'a server of both eras, 2025-11-25' => sub { compare('two_eras', '2025-11-25', least => 74) };
subtest 'a server of both eras, 2026-07-28' => sub { compare('two_eras', '2026-07-28', least => 140) };

ok(MCPTest::Peers->alive, 'no peer ended by itself');
done_testing;
