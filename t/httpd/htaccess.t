#!/usr/bin/perl
# Shared hosting: tenants who have nothing but .htaccess protect a program, each for itself; what is the admin's stays the admin's,
# and a mistake closes the directory and tells the log. E-15: nobody but the admin says whom the server asks.

use v5.36;
use Test::More;
use MCPTest::Challenge qw(bearer complaints);
use MCPTest::HTTP;
use MCPTest::Httpd;
use MCPTest::JWT;
use MCPTest::Key;

my $key = MCPTest::Key->get('P-256');
my $cgi = "#!/bin/sh\necho Content-Type: text/plain\necho\necho \"[\$MCP_SUBJECT|\$REMOTE_USER|\$HTTP_X_MCP_SUBJECT|\$HTTP_AUTHORIZATION]\"\ncat\n";

sub resource ($tenant) { return "AuthType MCP\nMCPResource http://127.0.0.1:\@PORT@/$tenant/mcp.cgi\n" }

# directory => .htaccess, the log's words. Each of them is a 500 for every request.
my %mistake = (
    # what only the server's configuration may say
    issuer     => [ "MCPIssuer https://evil.example\n", qr/MCPIssuer not allowed here/ ],
    container  => [ "<MCPIssuer \"https://evil.example\">\nMCPAlgorithms RS256\n</MCPIssuer>\n", qr/<MCPIssuer.* not allowed here/ ],
    keys       => [ "MCPKeys file:/etc/passwd\n", qr/MCPKeys\b.*not allowed here|MCPKeys: / ],
    secret     => [ "MCPSharedSecret file:/etc/passwd\n", qr/MCPSharedSecret\b.*not allowed here|MCPSharedSecret: / ],
    algorithms => [ "MCPAlgorithms ES256\n", qr/MCPAlgorithms not allowed here/ ],
    type       => [ "MCPTokenType any\n", qr/MCPTokenType not allowed here/ ],
    claim      => [ "MCPClaim user email\n", qr/MCPClaim not allowed here/ ],
    profile    => [ "MCPProfile okta\n", qr/MCPProfile not allowed here/ ],
    prefix     => [ "MCPScopePrefix x\n", qr/MCPScopePrefix not allowed here/ ],
    timeout    => [ "MCPTimeout 5s\n", qr/MCPTimeout not allowed here/ ],
    proxy      => [ "MCPProxy http://h.example\n", qr/MCPProxy not allowed here/ ],
    allowhttp  => [ "MCPAllowHTTP h.example\n", qr/MCPAllowHTTP not allowed here/ ],
    cafile     => [ "MCPCAFile /etc/passwd\n", qr/MCPCAFile not allowed here/ ],
    # values that are wrong
    relative   => [ "MCPResource /mcp\n", qr/MCPResource: '\/mcp'/ ],
    fragment   => [ "MCPResource https://h.example/#x\n", qr/MCPResource: '/ ],
    plainhttp  => [ "MCPResource http://h.example/mcp\n", qr/MCPResource: '/ ],
    offline    => [ "Require mcp-scope offline_access\n", qr/offline_access/ ],
    quoted     => [ "Require mcp-scope a\\\"b\n", qr/mcp-scope/ ],
    nothing    => [ "Require mcp-scope\n", qr/mcp-scope/ ],
    skew       => [ "MCPClockSkew fortnight\n", qr/MCPClockSkew: 'fortnight' .* for example/ ],
    longskew   => [ "MCPClockSkew 1d\n", qr/MCPClockSkew: '1d'/ ],
    origin     => [ "MCPAllowOrigin https://x.example/path\n", qr/MCPAllowOrigin: '/ ],
    token      => [ "MCPForwardToken perhaps\n", qr/MCPForwardToken: 'perhaps'/ ],
    mode       => [ "MCPMode off\n", qr/MCPMode: 'off'/ ],
    body       => [ "MCPErrorBody html\n", qr/MCPErrorBody: 'html'/ ],
    field      => [ "MCPForwardClaim sub Host\n", qr/MCPForwardClaim: 'Host'/ ],
    stranger   => [ "MCPTrustIssuer https://evil.example\n", qr/MCPTrustIssuer: 'https:\/\/evil\.example'/ ],
    typo       => [ "MCPTrustIsuer https://auth.example.com\n", qr/Invalid command 'MCPTrustIsuer'/ ],
);

my $httpd = MCPTest::Httpd->start(
    access_format => '%U %>s %{MCP_DECISION}e',
    files         => {
        'conf/keys.json' => MCPTest::Key::jwks($key),
        'htdocs/alpha/mcp.cgi'   => $cgi,
        'htdocs/alpha/.htaccess' => resource('alpha') . "AuthName Alpha\nMCPMetadata resource_name Alpha\nRequire mcp-scope read\n",
        'htdocs/alpha/inner/mcp.cgi'   => $cgi,
        'htdocs/alpha/inner/.htaccess' => "Require mcp-scope write\nMCPForwardClaim email X-Email\n",
        'htdocs/beta/mcp.cgi'    => $cgi,
        'htdocs/beta/.htaccess'  => resource('beta') . "MCPTrustIssuer https://second.example\nRequire valid-user\n<If \"%{REQUEST_METHOD} == 'POST'\">\nRequire mcp-scope post\n</If>\n",
        'htdocs/files/mcp.cgi'   => $cgi,
        'htdocs/files/free.txt'  => 'free',
        'htdocs/files/.htaccess' => "<Files \"mcp.cgi\">\n" . resource('files') . "Require valid-user\n</Files>\n",
        'htdocs/bare/mcp.cgi'    => $cgi,
        'htdocs/bare/.htaccess'  => "AuthType MCP\nRequire valid-user\n",
        'htdocs/none/mcp.cgi'    => $cgi,
        'htdocs/none/.htaccess'  => resource('none') . "Require valid-user\n",
        'htdocs/list/mcp.cgi'    => $cgi,
        'htdocs/list/.htaccess'  => resource('list') . "Require mcp-scope read\n",
        'htdocs/listbad/mcp.cgi'   => $cgi,
        'htdocs/listbad/.htaccess' => resource('listbad') . "Require valid-user\nMCPMode report\n",
        'htdocs/noauth/mcp.cgi'    => $cgi,
        'htdocs/noauth/.htaccess'  => resource('noauth') . "Require valid-user\n",
        (map { ("htdocs/bad/$_/mcp.cgi" => $cgi, "htdocs/bad/$_/.htaccess" => resource("bad/$_") . "Require valid-user\n$mistake{$_}[0]") } keys %mistake),
    },
    conf => <<'END');
<VirtualHost 127.0.0.1:@PORT@>
    <MCPIssuer "https://auth.example.com">
        MCPKeys file:@ROOT@/conf/keys.json
    </MCPIssuer>
    <MCPIssuer "https://second.example">
        MCPKeys file:@ROOT@/conf/keys.json
    </MCPIssuer>
    <Directory "@ROOT@/htdocs">
        AllowOverride AuthConfig
    </Directory>
    <Directory "@ROOT@/htdocs/list">
        AllowOverride None
        AllowOverrideList AuthType Require MCPResource
    </Directory>
    <Directory "@ROOT@/htdocs/listbad">
        AllowOverride None
        AllowOverrideList AuthType Require MCPResource
    </Directory>
    <Directory "@ROOT@/htdocs/noauth">
        AllowOverride FileInfo Indexes Limit Options
    </Directory>
</VirtualHost>
Listen 127.0.0.1:@PORT2@
<VirtualHost 127.0.0.1:@PORT2@>
    <Directory "@ROOT@/htdocs">
        AllowOverride AuthConfig
    </Directory>
</VirtualHost>
END

my $http = MCPTest::HTTP->new($httpd->url);
my $base = $httpd->url =~ s{/\z}{}r;
my $jwt  = MCPTest::JWT->new(key => $key, iss => 'https://auth.example.com', sub => 'alice', scope => 'read');
my $well = '/.well-known/oauth-protected-resource';

sub token ($tenant, %claims) { return (Authorization => 'Bearer ' . $jwt->mint(aud => "$base/$tenant/mcp.cgi", %claims)) }

subtest 'tenants' => sub {
    # path, token for, claims, status, scope in the challenge
    my @rows = (
        [ '/alpha/mcp.cgi',       undef,   {},                                            401, 'read' ],
        [ '/alpha/mcp.cgi',       'alpha', {},                                            200 ],
        [ '/alpha/mcp.cgi/info',  'alpha', {},                                            200 ],
        [ '/alpha/mcp.cgi',       'alpha', { scope => 'x' },                              403, 'read' ],
        [ '/alpha/mcp.cgi',       'alpha', { exp => 1 },                                  401, 'read' ],
        [ '/alpha/mcp.cgi',       'beta',  {},                                            401, 'read' ],
        [ '/alpha/inner/mcp.cgi', 'alpha', {},                                            403, 'write' ],
        [ '/alpha/inner/mcp.cgi', 'alpha', { scope => 'write' },                          200 ],
        [ '/beta/mcp.cgi',        'beta',  {},                                            401, 'post' ],
        [ '/beta/mcp.cgi',        'beta',  { iss => 'https://second.example' },           403, 'post' ],
        [ '/beta/mcp.cgi',        'beta',  { iss => 'https://second.example', scope => 'post' }, 200 ],
        [ '/beta/mcp.cgi',        'alpha', { iss => 'https://second.example', scope => 'post' }, 401, 'post' ],
        [ '/files/mcp.cgi',       undef,   {},                                            401, undef ],
        [ '/files/mcp.cgi',       'files', {},                                            200 ],
        [ '/list/mcp.cgi',        undef,   {},                                            401, 'read' ],
        [ '/list/mcp.cgi',        'list',  {},                                            200 ],
    );
    for my $row (@rows) {
        my ($path, $tenant, $claims, $status, $scope) = @$row;
        my $name = "$path, " . ($tenant ? join ' ', "token for $tenant", %$claims : 'no token');
        my $res  = $http->post_json($path, { jsonrpc => '2.0', id => 7, method => 'tools/list' }, $tenant ? token($tenant, %$claims) : (), 'X-MCP-Subject' => 'mallory');
        is $res->status, $status, "$name: status" or diag $res->summary;
        if ($status == 200) {
            my $subject = $path =~ /inner/ ? '' : 'alice';
            like $res->body, qr/\A\[alice\|alice\|$subject\|\]\n/, "$name: the program knows who it is, and has no token";
            like $res->body, qr/"tools\/list"/, "$name: and has the body";
            next;
        }
        my @fields = $res->headers('WWW-Authenticate');
        my $home   = $path =~ s{/inner}{}r;
        is scalar @fields, 1, "$name: one challenge";
        is_deeply [ complaints(@fields) ], [], "$name: which is fit";
        is bearer(@fields)->{param}{scope}, $scope, "$name: scope";
        is bearer(@fields)->{param}{resource_metadata}, "$base$well$home", "$name: resource_metadata";
        is $res->json->{id}, 7, "$name: id";
    }
    is bearer($http->get('/alpha/mcp.cgi')->headers('WWW-Authenticate'))->{param}{realm}, 'Alpha', 'AuthName';
    is $http->get('/beta/mcp.cgi', token('beta', iss => 'https://second.example'))->status, 200, '<If> has no rule for GET';
    is $http->get('/files/free.txt')->body, 'free', 'what <Files> does not name is free';
};

subtest 'metadata' => sub {
    for my $tenant (qw(alpha beta files list none)) {
        for my $path ("$well/$tenant/mcp.cgi", "/$tenant/mcp.cgi$well") {
            my $res = $http->get($path);
            is $res->status, 200, "$path: status";
            is $res->json->{resource}, "$base/$tenant/mcp.cgi", "$path: resource";
        }
    }
    is $http->get("$well/alpha/mcp.cgi")->json->{resource_name}, 'Alpha', 'a member that the tenant sets';
    is_deeply $http->get("$well/beta/mcp.cgi")->json->{authorization_servers}, ['https://second.example'], 'the issuer that the tenant trusts';
    is_deeply $http->get("$well/alpha/mcp.cgi")->json->{scopes_supported}, ['read'], 'the scopes of its rules';
    is $http->get("$well/bad/skew/mcp.cgi")->status, 404, 'none for a directory that is broken';
};

subtest 'mistakes close the directory, E-15' => sub {
    for my $name (sort keys %mistake) {
        for my $auth ([], [ token("bad/$name") ]) {
            $httpd->mark;
            my $res = $http->get("/bad/$name/mcp.cgi", @$auth);
            is $res->status, 500, "$name: 500" or diag $res->summary;
            unlike $res->body, qr/alice|\[\|/, "$name: the program did not run";
            unlike $res->body, qr/MCP[A-Z]/, "$name: the client learns nothing of it";
            ok $httpd->wait_log($mistake{$name}[1], 5), "$name: the log has the reason" or diag $httpd->error_log;
        }
    }
    $httpd->mark;
    is $http->get('/bare/mcp.cgi', token('bare'))->status, 500, 'AuthType MCP without MCPResource';
    ok $httpd->wait_log(qr/no MCPResource/, 5), 'is logged';
    $httpd->mark;
    is $http->get('/listbad/mcp.cgi', token('listbad'))->status, 500, 'beyond AllowOverrideList';
    ok $httpd->wait_log(qr/MCPMode not allowed here/, 5), 'is logged';
    $httpd->mark;
    is $http->get('/noauth/mcp.cgi', token('noauth'))->status, 500, 'without AllowOverride AuthConfig';
    ok $httpd->wait_log(qr/AuthType not allowed here/, 5), 'is logged';
};

subtest 'a virtual host without MCPIssuer' => sub {
    my $other = MCPTest::HTTP->new($httpd->port(2));
    for my $auth ([], [ token('none') ]) {
        $httpd->mark;
        my $res = $other->get('/none/mcp.cgi', @$auth, 'X-MCP-Subject' => 'mallory');
        is $res->status, 500, 'closed';
        unlike $res->body, qr/\[/, 'the program did not run';
        ok $httpd->wait_log(qr/MCPIssuer/, 5), 'the log names what is missing' or diag $httpd->error_log;
    }
    is $other->get("$well/none/mcp.cgi")->status, 404, 'no metadata';
};

done_testing;
