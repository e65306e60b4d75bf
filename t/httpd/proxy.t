#!/usr/bin/perl
# E-14, E-17, E-18. Outbound requests go through the proxy that MCPProxy names, and through no other.

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
is $as->count($as->jwks_path), 1, 'and so was the authorization server, once';
is status($httpd, 2), 503, 'E-17 a virtual host without it does not get them';
$httpd->stop;

# Proxies that are away, want a password, or fail, and none at all. For http a proxy's refusal is an answer, for https it is none.
my ($locked, $broken) = map {
    MCPTest::Httpd->start(module => 0, modules => [qw(proxy_connect auth_basic authn_file)], files => { passwd => '' },
        conf => "ProxyRequests On\nAllowCONNECT 1-65535\n$_\n")
} '<Proxy "*">
    AuthType Basic
    AuthName proxy
    AuthUserFile @ROOT@/passwd
    Require valid-user
</Proxy>', "ProxyRemote * http://127.0.0.1:1";
for my $case (
    [ 'a proxy that is away', 'MCPProxy http://127.0.0.1:1', qr/Failed to connect to 127\.0\.0\.1 port 1\b/, qr/Failed to connect to 127\.0\.0\.1 port 1\b/ ],
    [ 'a proxy without its port', 'MCPProxy http://127.0.0.77', qr/ port 80\b| status \d/, qr/ port 80\b| response \d/ ],
    [ 'a proxy that wants a password', 'MCPProxy ' . $locked->url, qr/status 407/, qr/response 407/ ],
    [ 'a proxy that fails', 'MCPProxy ' . $broken->url, qr/status 50\d/, qr/response 50\d/ ],
    [ 'no proxy', '', qr/resolve host/, qr/resolve host/ ],
    )
{
    my ($name, $lines, @says) = @$case;
    for my $url ($keys, 'https://as.example/jwks') {
        my $other = server($url, $lines);
        my $said  = shift @says;
        is status($other), 503, "$name, $url: no keys";
        ok $other->wait_log(qr/MCP0104: .*$said/), "$name, $url: says so" or diag $other->error_log;
        $other->stop;
    }
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

# This machine is asked directly.
$proxy->mark;
my $here = server($as->jwks_uri, 'MCPProxy http://127.0.0.1:1');
is status($here), 404, 'this machine is not asked for at the proxy';
$here->stop;

# https goes through by CONNECT, and the certificate is the far server's. 0.0.0.0 is no address of this machine by name, but leads to it.
my $far = MCPTest::Httpd->start(module => 0, tls => 1, access_format => '%m %U %>s', vars => { AS => $as->url }, conf => <<"END");
Listen 127.0.0.1:\@PORT2@
<VirtualHost *:\@PORT2@>
    @{[ MCPTest::TLS::directives('0.0.0.0') ]}
    ProxyPass / \@AS@/
</VirtualHost>
Listen 127.0.0.1:\@PORT3@
<VirtualHost *:\@PORT3@>
    @{[ MCPTest::TLS::directives('other.example') ]}
    ProxyPass / \@AS@/
</VirtualHost>
END
my $ca  = 'MCPProxy @PROXY@' . "\nMCPCAFile " . MCPTest::TLS::files()->{ca};
my $tls = server('https://0.0.0.0:' . $far->port(2) . $as->jwks_path, $ca);
is status($tls), 404, 'keys come by https through the proxy';
ok $proxy->wait_log(qr/^CONNECT .* 200$/m, 5, 'access_log'), 'which was asked for a tunnel' or diag $proxy->access_log;
unlike $proxy->access_log, qr/^GET/m, 'and saw nothing else';
ok $far->wait_log(qr{^GET \S+/jwks 200$}m, 5, 'access_log'), 'and so was the server behind it';
$tls->stop;
for my $case ([ 'another name', 3, $ca ], [ 'an authority nobody trusts', 2, 'MCPProxy @PROXY@' ]) {
    my ($name, $port, $lines) = @$case;
    my $wrong = server('https://0.0.0.0:' . $far->port($port) . $as->jwks_path, $lines);
    is status($wrong), 503, "a certificate of $name is refused through the proxy";
    ok $wrong->wait_log(qr/MCP0104: .*certificate/), "a certificate of $name: says so" or diag $wrong->error_log;
    $wrong->stop;
}

# E-14. The proxy is at this machine; metadata that came through it must not lead there for that.
my $inner = MCPTest::AS->start(keys => [$key]);
my $liar  = MCPTest::AS->start(path => '/tenant', metadata => { issuer => 'http://as.example/tenant', jwks_uri => $inner->jwks_uri });
my $trap  = MCPTest::Httpd->start(module => 0, vars => { AS => $liar->url }, conf => "ProxyRequests On\nProxyRemote http \@AS@\n");
my $led   = MCPTest::Httpd->start(vars => { PROXY => $trap->url }, conf => <<'END');
MCPTimeout 2s
MCPProxy @PROXY@
MCPAllowHTTP as.example
MCPIssuer http://as.example/tenant
<Location "/mcp">
    AuthType MCP
    MCPResource https://mcp.example/mcp
    Require valid-user
</Location>
Alias /mcp @ROOT@/htdocs
END
is status($led), 503, 'E-14 metadata by proxy cannot lead to this machine';
cmp_ok $liar->metadata_count, '>', 0, 'E-14 it was read';
is $inner->count, 0, 'E-14 and not followed';
ok $led->wait_log(qr/MCP0104: .*part of the network/), 'E-14 which is said' or diag $led->error_log;

done_testing;
