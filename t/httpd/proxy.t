#!/usr/bin/perl
# E-18. Outbound requests go through the proxy that MCPProxy names, and through no other.

use v5.36;
use Test::More;
use MCPTest::AS;
use MCPTest::HTTP;
use MCPTest::Httpd;
use MCPTest::JWT;
use MCPTest::Key;
use MCPTest::TLS;
use MCPTest::Util 'wait_until';

my $key = MCPTest::Key->get('P-256');
my $as  = MCPTest::AS->start(keys => [$key], path => '/tenant');

# The proxy is a real one. It sends everything on to the authorization server, so that a name nobody else can find leads somewhere.
my $proxy = MCPTest::Httpd->start(module => 0, modules => ['proxy_connect'], access_format => '%m %U %{Host}i %>s', vars => { AS => $as->url }, conf => <<'END');
ProxyRequests On
AllowCONNECT 443 1-65535
<Proxy "*">
    Require all granted
</Proxy>
ProxyRemote http @AS@
END

sub server ($url, $lines, %opt) {
    return MCPTest::Httpd->start(%opt, vars => { PROXY => $proxy->url, ISSUER => $url }, conf => <<"END");
MCPTimeout 2s
MCPAllowHTTP as.example
$lines
<MCPIssuer "http://as.example/tenant">
    MCPKeys \@ISSUER@
</MCPIssuer>
<Location "/mcp">
    AuthType MCP
    MCPResource https://mcp.example/mcp
    Require valid-user
</Location>
Alias /mcp \@ROOT@/htdocs
Listen 127.0.0.1:\@PORT2@
<VirtualHost *:\@PORT2@>
    MCPProxy none
</VirtualHost>
END
}
my $jwt = MCPTest::JWT->new(key => $key, iss => 'http://as.example/tenant', aud => 'https://mcp.example/mcp');
sub status ($httpd, $port = 1) { return MCPTest::HTTP->new($httpd->port($port), timeout => 20)->get('/mcp/x', Authorization => 'Bearer ' . $jwt->mint)->status }

my $keys  = 'http://as.example' . $as->jwks_path;
my $httpd = server($keys, 'MCPProxy @PROXY@');
is status($httpd), 404, 'keys come through the proxy';
ok $proxy->wait_log(qr{^GET \S* as\.example 200$}m, 5, 'access_log'), 'which was asked for them' or diag $proxy->access_log;
is status($httpd, 2), 503, 'a virtual host without it does not get them';
$httpd->stop;

# A proxy that fails, and none.
for my $case ([ 'a proxy that is away', 'MCPProxy http://127.0.0.1:1' ], [ 'no proxy', '' ]) {
    my ($name, $lines) = @$case;
    my $other = server($keys, $lines);
    is status($other), 503, "$name: no keys";
    ok $other->wait_log(qr/MCP0104: /), "$name: says so";
    $other->stop;
}

# The environment has no say, neither to use a proxy nor to avoid it.
$proxy->mark;
my $count = $as->count;
my %env   = map { $_ => $proxy->url } qw(http_proxy HTTP_PROXY https_proxy HTTPS_PROXY all_proxy ALL_PROXY);
my $quiet = server($keys, '', env => \%env);
is status($quiet), 503, 'E-18 variables of the environment do not name a proxy';
$quiet->stop;
is $proxy->access_log, '', 'E-18 it was not asked';
my $loud = server($keys, 'MCPProxy @PROXY@', env => { no_proxy => '*', NO_PROXY => 'as.example' });
is status($loud), 404, 'E-18 nor do they keep from one';
$loud->stop;

# https goes through by CONNECT, and this machine is asked directly.
$proxy->mark;
my $here = server($as->jwks_uri, 'MCPProxy http://127.0.0.1:1');
is status($here), 404, 'this machine is not asked for at the proxy';
$here->stop;
my $tls = server('https://as.example/jwks', 'MCPProxy @PROXY@');
is status($tls), 503, 'https to a name that the proxy cannot find';
ok $proxy->wait_log(qr/^CONNECT /m, 5, 'access_log'), 'was asked for by CONNECT' or diag $proxy->access_log;
ok $tls->wait_log(qr/MCP0104: .*as\.example/), 'says so';
$tls->stop;

done_testing;
