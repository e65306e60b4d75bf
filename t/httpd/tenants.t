#!/usr/bin/perl
# H-35, H-37, H-39, W-20. Shared hosting: tenants have .htaccess and nothing else. What they may say works; what could make the server fetch, read or
# fail for others is refused, for their own directory alone. And restarts under load lose nothing.

use v5.36;
use Test::More;
use MCPTest::Challenge 'bearer';
use MCPTest::HTTP;
use MCPTest::Httpd;
use MCPTest::JWT;
use MCPTest::Key;

my $key  = MCPTest::Key->get('P-256');
my $base = "AuthType MCP\nMCPResource http://127.0.0.1:\@PORT@/NAME/mcp.cgi\nRequire mcp-scope NAME\n";
my $cgi  = "#!/bin/sh\necho Content-Type: text/plain\necho\necho \"NAME \$MCP_SUBJECT\"\n";
my %tenant = (
    alpha => $base,
    beta  => "${base}MCPAllowOrigin https://app.example.com\nMCPForwardClaim email X-Email\nMCPClockSkew 0\nMCPMode report\n",
    large => "${base}MCPMaxBody 1M\n",
    held  => "${base}MCPMode report\nMCPAudience https://other.example/\nMCPForwardToken On\n",
    trust => "${base}MCPTrustIssuer https://auth.example.com\n",
    expr  => $base =~ s/Require.*//r . qq{Require expr "mcp_claim('tier') == 'gold'"\n},
);
# What a tenant must not do: the directive, and the reason in the log.
my %wrong = (
    issuer   => [ "${base}MCPIssuer https://evil.example\n",            qr/MCPIssuer not allowed here/ ],
    keys     => [ "${base}MCPKeys file:/etc/passwd\n",                  qr/MCPKeys not allowed here/ ],
    section  => [ "${base}<MCPIssuer \"https://evil.example\">\n</MCPIssuer>\n", qr/<MCPIssuer not allowed here/ ],
    secret   => [ "${base}MCPSharedSecret file:/etc/shadow\n",          qr/MCPSharedSecret not allowed here/ ],
    cafile   => [ "${base}MCPCAFile /etc/passwd\n",                     qr/MCPCAFile not allowed here/ ],
    http     => [ "${base}MCPAllowHTTP evil.example\n",                 qr/MCPAllowHTTP not allowed here/ ],
    stranger => [ "${base}MCPTrustIssuer https://evil.example\n",       qr/MCPTrustIssuer: 'https:\/\/evil\.example' is no MCPIssuer of this server/ ],
    plain    => [ "AuthType MCP\nMCPResource http://mcp.example.com/x\nRequire valid-user\n", qr/MCPResource: 'http:\/\/mcp\.example\.com\/x' is plain http/ ],
    word     => [ "${base}MCPMode of\n",                                qr/MCPMode: 'of' is neither enforce nor report/ ],
    memory   => [ "${base}MCPMaxBody 1025K\n",                           qr/MCPMaxBody: '1025K' is more than \.htaccess may take/ ],
    scope    => [ "${base}Require mcp-scope offline_access\n",          qr/offline_access/ ],
    resource => [ "AuthType MCP\nRequire valid-user\n",                 qr/misconfigured, AuthType MCP governs this path and no MCPResource does/ ],
);
my $httpd = MCPTest::Httpd->start(
    files => {
        'conf/keys.json' => MCPTest::Key::jwks($key),
        (map { ("htdocs/$_/.htaccess" => $tenant{$_} =~ s/NAME/$_/gr, "htdocs/$_/mcp.cgi" => $cgi =~ s/NAME/$_/gr) } keys %tenant),
        (map { ("htdocs/$_/.htaccess" => $wrong{$_}[0] =~ s/NAME/$_/gr, "htdocs/$_/mcp.cgi" => $cgi =~ s/NAME/$_/gr) } keys %wrong),
        'bare/x/.htaccess' => $base =~ s/NAME/x/gr,
        'bare/x/mcp.cgi'   => $cgi,
    },
    conf => <<'END');
<VirtualHost 127.0.0.1:@PORT@>
    <MCPIssuer "https://auth.example.com">
        MCPKeys file:@ROOT@/conf/keys.json
    </MCPIssuer>
    <Directory "@ROOT@/htdocs">
        Options +ExecCGI
        AddHandler cgi-script .cgi
        AllowOverride AuthConfig
    </Directory>
    <Location "/held">
        MCPMode enforce
        MCPAudience none
        MCPForwardToken Off
    </Location>
</VirtualHost>
Listen 127.0.0.1:@PORT2@
<VirtualHost 127.0.0.1:@PORT2@>
    DocumentRoot @ROOT@/bare
    <Directory "@ROOT@/bare">
        Options +ExecCGI
        AddHandler cgi-script .cgi
        AllowOverride AuthConfig
        Require all granted
    </Directory>
</VirtualHost>
END
my $http = MCPTest::HTTP->new($httpd->url);
my $jwt  = MCPTest::JWT->new(key => $key, iss => 'https://auth.example.com', sub => 'alice');

sub ask ($tenant, @claims) {
    my %claims = (aud => $httpd->url("/$tenant/mcp.cgi"), scope => $tenant, @claims);
    return $http->get("/$tenant/mcp.cgi", Authorization => 'Bearer ' . $jwt->mint(%claims));
}

for my $tenant (qw(alpha trust large)) {
    my $res = $http->get("/$tenant/mcp.cgi");
    is $res->status, 401, "$tenant: no token";
    is bearer($res->headers('WWW-Authenticate'))->{param}{resource_metadata}, $httpd->url("/.well-known/oauth-protected-resource/$tenant/mcp.cgi"), "$tenant: where its metadata is";
    is $http->get("/.well-known/oauth-protected-resource/$tenant/mcp.cgi")->json->{scopes_supported}[0], $tenant, "$tenant: and what it says";
    is ask($tenant)->body, "$tenant alice\n", "$tenant: a good token";
    is ask($tenant, scope => 'other')->status, 403, "$tenant: a scope missing";
}
is ask('alpha', aud => $httpd->url('/trust/mcp.cgi'))->status, 401, "one tenant's token is no good at another's";
is $http->get('/beta/mcp.cgi')->body, "beta \n", 'report';
is $http->get('/beta/mcp.cgi', Origin => 'https://app.example.com')->header('Access-Control-Allow-Origin'), 'https://app.example.com', 'MCPAllowOrigin';
is $http->get('/held/mcp.cgi')->status, 401, 'H-39 what the admin says in <Location> holds: MCPMode';
is ask('held', aud => 'https://other.example/')->status, 401, 'H-39 and MCPAudience';
is $http->get('/expr/mcp.cgi')->status, 401, 'Require expr: no token';
is ask('expr', tier => 'gold')->status, 200, 'Require expr: gold';
is ask('expr', tier => 'tin')->status, 403, 'Require expr: tin';

for my $name (sort keys %wrong) {
    my (undef, $pattern) = @{ $wrong{$name} };
    $httpd->mark;
    is $http->get("/$name/mcp.cgi")->status, 500, "$name: no token";
    is ask($name)->status, 500, "$name: nor with one";
    ok $httpd->wait_log($pattern), "$name: the log says why" or diag $httpd->error_log;
}
is ask('alpha')->status, 200, 'the neighbours have noticed nothing';
my $bare = MCPTest::HTTP->new($httpd->port(2));
is $bare->get('/x/mcp.cgi')->status, 500, 'a virtual host without an issuer lets nobody in';
is $bare->get('/x/mcp.cgi', Authorization => 'Bearer ' . $jwt->mint(aud => $httpd->url('/x/mcp.cgi')))->status, 500, 'with a token neither';
ok $httpd->wait_log(qr/this server has no MCPIssuer/), 'and says why';

# A tenant's edit counts at once.
$httpd->write_file('htdocs/alpha/.htaccess', $tenant{alpha} =~ s/NAME/alpha/gr =~ s/mcp-scope alpha/mcp-scope alpha more/r);
is ask('alpha')->status, 403, 'a rule that was added';

# Graceful restarts while requests come: none is lost or answered wrongly.
my %seen;
for my $round (1 .. 4) {
    $httpd->graceful;
    for (1 .. 40) {
        $seen{ ask('trust')->status }++;
        $seen{ 'no token ' . $http->get('/trust/mcp.cgi')->status }++;
    }
}
is_deeply \%seen, { 200 => 160, 'no token 401' => 160 }, 'four restarts, 320 requests';

done_testing;
