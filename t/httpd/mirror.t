#!/usr/bin/perl
# MCPMetadataMirror: the issuer's own document for clients that take the MCP server for the authorization server.

use v5.36;
use Test::More;
use MCPTest::AS;
use MCPTest::HTTP;
use MCPTest::Httpd;
use MCPTest::Key;
use MCPTest::Util qw(json_data spew tempdir wait_until);

my $key   = MCPTest::Key->get('P-256');
my $as    = MCPTest::AS->start(keys => [$key], path => '/tenant', metadata => { service_documentation => 'https://as.example/<docs>' });
my $other = MCPTest::AS->start(keys => [$key]);
my $urls  = MCPTest::AS->start(keys => [$key]);
my $large = MCPTest::AS->start(keys => [$key], metadata => { pad => 'x' x 70_000 });
my $away  = MCPTest::AS->start(keys => [$key]);
$away->down;
my $httpd = MCPTest::Httpd->start(
    vars  => { AS => $as->issuer, OTHER => $other->issuer, URLS => $urls->issuer, KEYS => $urls->jwks_uri, LARGE => $large->issuer, AWAY => $away->issuer },
    files => { 'conf/keys.json' => MCPTest::Key::jwks($key), 'htdocs/.well-known/openid-configuration' => 'a file' },
    conf  => <<'END');
MCPMetadataMirror On
MCPIssuer @AS@
MCPIssuer @OTHER@
MCPIssuer @LARGE@
MCPIssuer @AWAY@
<MCPIssuer "@URLS@">
    MCPKeys @KEYS@
</MCPIssuer>
<MCPIssuer "https://static.example">
    MCPKeys file:@ROOT@/conf/keys.json
</MCPIssuer>
<Location "/">
    AuthType MCP
    MCPResource http://127.0.0.1:@PORT@/
    Require valid-user
</Location>
<Location "/mcp">
    MCPResource http://127.0.0.1:@PORT@/mcp default
</Location>
<Location "/other">
    MCPResource http://127.0.0.1:@PORT@/other
    MCPTrustIssuer @OTHER@
</Location>
<Location "/urls">
    MCPResource http://127.0.0.1:@PORT@/urls
    MCPTrustIssuer @URLS@
</Location>
<Location "/static">
    MCPResource http://127.0.0.1:@PORT@/static
    MCPTrustIssuer https://static.example
</Location>
<Location "/large">
    MCPResource http://127.0.0.1:@PORT@/large
    MCPTrustIssuer @LARGE@
</Location>
<Location "/away">
    MCPResource http://127.0.0.1:@PORT@/away
    MCPTrustIssuer @AWAY@
</Location>
<Location "/nobody">
    MCPResource http://127.0.0.1:@PORT@/nobody
    MCPTrustIssuer none
</Location>
Listen 127.0.0.1:@PORT2@
<VirtualHost *:@PORT2@>
    MCPMetadataMirror Off
</VirtualHost>
Listen 127.0.0.1:@PORT3@
<VirtualHost *:@PORT3@>
    ServerName silent
</VirtualHost>
END
my $http = MCPTest::HTTP->new($httpd->url);
my ($oauth, $openid) = map { "/.well-known/$_" } qw(oauth-authorization-server openid-configuration);
ok wait_until(5, sub { $http->get($oauth)->status == 200 && $http->get("$oauth/urls")->status == 200 && $http->get("$oauth/other")->status == 200 }), 'the documents are there when they were fetched';

# path => issuer
my %found = (
    $oauth          => $as,    $openid          => $as,    "$oauth/"       => $as, "$oauth/mcp" => $as, "$openid/mcp" => $as, "/mcp$openid" => $as, "/mcp$oauth" => $as, "$oauth/mcp/" => $as,
    "$oauth/other"  => $other, "/other$openid"  => $other, "$oauth/urls"   => $urls,
);
for my $path (sort keys %found) {
    my $res = $http->get($path);
    is $res->status, 200, "$path: there" or next;
    is $res->header('Content-Type'), 'application/json', "$path: JSON";
    is json_data($res->body)->{issuer}, $found{$path}->issuer, "$path: of the right issuer";
    is json_data($res->body)->{jwks_uri}, $found{$path}->jwks_uri, "$path: whole";
    is $res->header('Access-Control-Allow-Origin'), '*', "$path: for every origin";
    is $res->header('Cache-Control'), 'public, max-age=300', "$path: may be kept for a while";
    is $http->get($path, 'If-None-Match' => $res->header('ETag'))->status, 304, "$path: and is known again";
    is $http->request(HEAD => $path)->status, 200, "$path: HEAD";
    is $http->request(POST => $path)->status, 405, "$path: not POST";
    is $http->request(OPTIONS => $path, [ Origin => 'https://a.example', 'Access-Control-Request-Method' => 'GET' ])->status, 204, "$path: preflight";
}
like $http->get($oauth)->body, qr{<docs>}, 'as it is, every member';
for my $path ("$oauth/static", "$oauth/large", "$oauth/away", "$oauth/nobody", "$oauth/mcp/../other", "$oauth//mcp", "$oauth/%2e%2e/other") {
    my $res = $http->get($path);
    is $res->status, 404, "$path: 404";
    ok json_data($res->body)->{error}, "$path: in JSON, which clients read";
}
is $http->get($_)->status, 401, "$_ is another name" for "$oauth-x", '/.well-known/oauth-authorization', "/x${oauth}y";
is $http->get('/.well-known/oauth-protected-resource/mcp')->status, 200, 'the resource metadata as ever';

# A document that changes, and one that the metadata of somebody else wants to be.
my $off = MCPTest::HTTP->new($httpd->port(2));
is $off->get($oauth)->status, 401, 'Off: the path is protected like every other';
is(MCPTest::HTTP->new($httpd->port(3))->get($oauth)->status, 200, 'a virtual host that says nothing inherits it');
my $liar = MCPTest::AS->start(keys => [$key]);
$liar->behave(metadata => 'wrong_issuer:https://evil.example');
my $second = MCPTest::Httpd->start(vars => { LIAR => $liar->issuer, KEYS => $liar->jwks_uri }, conf => <<'END');
MCPMetadataMirror On
<MCPIssuer "@LIAR@">
    MCPKeys @KEYS@
</MCPIssuer>
<Location "/mcp">
    AuthType MCP
    MCPResource http://127.0.0.1:@PORT@/mcp
    Require valid-user
</Location>
END
ok $second->wait_log(qr/MCP0106: .*another issuer/, 5), 'a document of another issuer is not taken';
is(MCPTest::HTTP->new($second->url)->get($oauth)->status, 404, 'nor handed on');

done_testing;
