# The same way in over TLS, with HTTP/1.1 and with HTTP/2, from node and from Chromium.
# Under prefork mod_http2 stands aside, so what offers HTTP/2 there ends up with HTTP/1.1.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib", "$FindBin::Bin/../lib";
use Test::More;
use MCPTest::Peers;
use MCPTest::Site;
use MCPTest::TLS;
use MCPTest::Util qw(free_port run);

MCPTest::Peers->need(qw(node openssl));

my %TRUST = (NODE_EXTRA_CA_CERTS => MCPTest::TLS::files()->{ca});
my $WRITE = qq(<If "%{HTTP:Mcp-Method} == 'tools/call'">\nRequire mcp-scope mcp:read mcp:write\n</If>\n);

my $BEST  = ($ENV{MPM} // '') eq 'prefork' ? 'HTTP/1.1' : 'HTTP/2.0';

# What Chromium trusts instead of an authority: the base64 SHA-256 of the server's public key.
sub pin () {
    my $sh = 'openssl x509 -in "$0" -pubkey -noout | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | openssl base64 -A';
    return run([ 'sh', '-c', $sh, MCPTest::TLS::files()->{cert} ])->{out};
}

sub protocols ($site) {
    my %seen = map { $_->{protocol} => 1 } $site->access;
    return join ' ', sort keys %seen;
}

subtest 'TLS and HTTP/1.1' => sub {
    my $site   = MCPTest::Site->start(tls => 1);
    my $report = MCPTest::Peers->client(\%TRUST, $site->url);
    is $report->{error}, undef, 'no error';
    like $report->{exchanges}[0]{challenge}, qr{resource_metadata="\Q@{[ $site->base ]}\E/\.well-known/}, 'the metadata is at https';
    is $report->{tokens}[0]{payload}{aud}, $site->url, 'audience';
    is $report->{calls}[0]{text}, 'Echo: hello', 'the tool answers';
    is protocols($site), 'HTTP/1.1', 'protocol';
};

subtest 'HTTP/2' => sub {
    my $site   = MCPTest::Site->start(tls => 1, location => $WRITE);
    my $slow   = '{"duration":1.2,"steps":3}';
    my $report = MCPTest::Peers->client(\%TRUST, $site->url, '--h2', '--mirror', '--call' => 'trigger-long-running-operation', $slow);
    is $report->{error}, undef, 'no error';
    is_deeply [ map { $_->{scope} } @{ $report->{asked} } ], [ 'mcp:read', 'mcp:read mcp:write' ], 'in, and a step up';
    like $report->{calls}[0]{text}, qr/completed/, 'the tool answers';
    cmp_ok $report->{calls}[0]{progress}[0] // 0, '>', 500, 'its progress arrives while it runs';
    is protocols($site), $BEST, 'protocol';
    is_deeply $site->fields($site->backend->requests)->{authorization}, [], 'no token at the backend';
    ok $site->keeps_secrets($report), 'no token in any log';
};

subtest 'HTTP/2 from a page' => sub {
    MCPTest::Peers->need('chromium');
    my $port   = free_port();
    my $site   = MCPTest::Site->start(tls => 1, location => "MCPAllowOrigin http://127.0.0.1:$port\n$WRITE");
    my $report = MCPTest::Peers->browser({}, $site->url, '--port' => $port, '--mirror', '--trust' => pin());
    is $report->{error}, undef, 'no error';
    my $last = $report->{visits}[-1];
    is $last->{error}, undef, 'no error in the page';
    is $last->{text}, 'Echo: from a page', 'the tool answers';
    is protocols($site), $BEST, 'protocol';
};

ok(MCPTest::Peers->alive, 'no peer ended by itself');
done_testing;
