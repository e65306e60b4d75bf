#!/usr/bin/perl
# W-18. A wide proxy rule beside a narrow section: what the server behind may take for the protected path is not passed on
# without a token, and nothing else is held up.

use v5.36;
use Test::More;
use MCPTest::Backend;
use MCPTest::HTTP;
use MCPTest::Httpd;
use MCPTest::JWT;
use MCPTest::Key;
use MCPTest::Util 'slurp';

# A RewriteMap that remembers what it was asked.
my $ASKED = <<'END';
#!/usr/bin/perl
use IO::Handle;
open my $log, '>', "@ROOT@/logs/asked"; $log->autoflush(1); STDOUT->autoflush(1);
while (<STDIN>) { print $log $_; print "ok\n" }
END
my $backend = MCPTest::Backend->start;
my $key     = MCPTest::Key->get('P-256');
my $httpd   = MCPTest::Httpd->start(vars => { BACKEND => $backend->url }, files => { 'conf/keys.json' => MCPTest::Key::jwks($key), 'asked.pl' => $ASKED }, conf => <<'END');
<MCPIssuer "https://auth.example.com">
    MCPKeys file:@ROOT@/conf/keys.json
</MCPIssuer>
AllowEncodedSlashes NoDecode
MergeSlashes Off
<Location "/mcp">
    AuthType MCP
    MCPResource http://127.0.0.1:@PORT@/mcp
    Require mcp-scope a
</Location>
<Location "/mcp/public">
    AuthType None
    Require all granted
</Location>
<Location "/mcp/health">
    Require all granted
</Location>
<Location "/mcp/admin">
    Require mcp-scope admin
</Location>
<LocationMatch "(?i)^/mcp/strict">
    Require mcp-scope admin
</LocationMatch>
<Location "/mcp/tools">
    Require mcp-scope a
    MCPOperation ping * anonymous
    MCPOperation * * granted
</Location>
<Location "/Upper">
    AuthType MCP
    MCPResource http://127.0.0.1:@PORT@/Upper
    Require mcp-scope a
</Location>
<Location "/behind/">
    AuthType MCP
    MCPResource http://127.0.0.1:@PORT@/behind
    Require mcp-scope a
</Location>
<LocationMatch "^/(one|two)$">
    AuthType MCP
    MCPResource http://127.0.0.1:@PORT@/one
    Require mcp-scope a
</LocationMatch>
<Location "/trial">
    AuthType MCP
    MCPResource http://127.0.0.1:@PORT@/trial
    MCPMode report
    Require mcp-scope a
</Location>
<LocationMatch "^/handled">
    SetHandler "proxy:@BACKEND@"
</LocationMatch>
<Location "/handled/mcp">
    AuthType MCP
    MCPResource http://127.0.0.1:@PORT@/handled/mcp
    Require mcp-scope a
</Location>
<Location "/Trial/mcp">
    MCPResource http://127.0.0.1:@PORT@/Trial/mcp
    AuthType MCP
    Require mcp-scope a
</Location>
<If "%{REQUEST_METHOD} == 'POST' && %{REQUEST_URI} == '/post'">
    AuthType MCP
    MCPResource http://127.0.0.1:@PORT@/post
    Require mcp-scope a
</If>
<Proxy "*">
    SetEnv PROXIED 1
</Proxy>
RewriteMap asked prg:@ROOT@/asked.pl
RewriteRule ^(/a.*) - [E=ASKED:${asked:$1}]
<Location "/address">
    Require ip 192.0.2.1
</Location>
ProxyPass /handled !
RewriteEngine on
RewriteRule ^/(rewritten.*) @BACKEND@/$1 [P,NC]
<Location "/rewritten">
    AuthType MCP
    MCPResource http://127.0.0.1:@PORT@/rewritten
    Require mcp-scope a
</Location>
ProxyPass / @BACKEND@/ nocanon
Listen 127.0.0.1:@PORT2@
<VirtualHost 127.0.0.1:@PORT2@>
    MCPIssuer https://other.example
    <Location "/mcp">
        AuthType None
        Require all granted
    </Location>
</VirtualHost>
END
my $http = MCPTest::HTTP->new($httpd->url);
my $jwt  = MCPTest::JWT->new(key => $key, iss => 'https://auth.example.com', aud => $httpd->url('/mcp'), scope => 'a');

# What httpd takes for the protected path itself is a 401.
is $http->get($_)->status, 401, "$_ is protected" for '/mcp', '/mcp/x', '//mcp', '/x/../mcp', '/%6dcp', '/mcp/PUBLIC', '/one', '//two', '/Upper';

for my $path ('/MCP', '/Mcp/x', '/mcp;x', '/mcp;jsessionid=1/x', '/x/..;/mcp', '/mcp%3bx', '/mcp.', '/mcp%20', '/mcp%2f', '/%2fmcp', '/%5cmcp', '/mcp%5cx', '/x%2f..%2fmcp',
    '/%256dcp', '/MCP;x', '/mcp/public/..%2fsecret', '/mcp/public/%2e%2e%2fsecret', '/mcp/public/..;/secret', '/upper', '/UPPER/x', '/behind', '/Behind/x', '/one;x',
    '/handled/MCP', '/handled/mcp;x', '/Rewritten', '/rewritten;x', '/MCP?a=/mcp', '/mcp%0a', '/mcp%09/x', '/mcp/health/..;/secret', '/mcp/health/..%2fsecret', '/TRIAL/MCP') {
    my $res = $http->get($path);
    is $res->status, 403, "W-18 $path" or diag $res->summary;
    is_deeply [ $res->headers('WWW-Authenticate') ], [], "W-18 $path: no challenge";
}
is $backend->count, 0, 'W-18 the backend has seen none of them';
is $http->get('/MCP', Authorization => 'Bearer ' . $jwt->mint)->status, 403, 'W-18 with a token neither: it would not be taken away';
ok $httpd->wait_log(qr{MCP0200: refused GET /MCP: denied, another spelling of "/mcp", which is protected}), 'the log says why';
is $http->post_json('/MCP', { jsonrpc => '2.0', id => 7, method => 'x' })->json->{id}, 7, 'and the client gets JSON-RPC';

for my $path ('/', '/mcpx', '/MCPx', '/Static/App.JS', '/a;b', '/mcp/public', '/mcp/public/', '/mcp/public/A;b', '/public/mcp', '/x/MCP', '/trial', '/Trial', '/a%2fb', '/one/x', '/ONE', '/handled/X', '/a..b.', '/mcp/health', '/mcp/health/a;b', '/post;x', '/address;x') {
    is $http->get($path)->status, 200, "open: $path";
}
my @good = (Authorization => 'Bearer ' . $jwt->mint);
is $http->get('/mcp', @good)->status, 200, 'a good token is good at the path itself';
is $http->get("/mcp/$_", @good)->status, 200, "and in other spellings below it: $_" for 'a;b', 'X.', 'a%2fb', 'Admin';
is $http->get("/mcp/$_", @good)->status, 403, "W-18 but not where more is needed: $_" for 'admin', 'STRICT', 'x/..;/Strict', 'admin;x', 'x/..;/admin', 'x%2f..%2fadmin';
is $http->post_json('/mcp/tools;x', { jsonrpc => '2.0', id => 7, method => 'x' }, @good)->status, 403, 'W-18 nor where operations have rules';
is $http->post_json('/mcp/tools/a;b', { jsonrpc => '2.0', id => 7, method => 'ping' })->status, 200, 'operations for everybody are for everybody under any name there';
is $http->post_json('/post;x', { jsonrpc => '2.0', id => 7, method => 'x' })->status, 403, 'W-18 a section for a method is asked with that method';
ok index($httpd->error_log(all => 1), 'AH01630') < 0, 'looking up is no denial in the log';
is slurp($httpd->root . '/logs/asked'), join('', map { "$_\n" } '/a;b', '/a%2fb', '/a..b.', '/address;x'), 'nor does it ask rules';
is MCPTest::HTTP->new($httpd->port(2))->get('/MCP')->status, 200, 'what a virtual host opens is open in any case';

done_testing;
