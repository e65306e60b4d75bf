#!/usr/bin/perl
# H-13, H-14, H-15, H-28. Internal redirects, subrequests, error documents and caches: one request of a client is several for httpd. The verdict is
# right for each, the token never comes back, and nobody gets what was made for somebody else.

use v5.36;
use Test::More;
use MCPTest::Backend;
use MCPTest::HTTP;
use MCPTest::Httpd;
use MCPTest::JWT;
use MCPTest::Key;

my $backend = MCPTest::Backend->start;
my $key     = MCPTest::Key->get('P-256');
my $protect = "AuthType MCP\nMCPResource http://127.0.0.1:\@PORT@/\nRequire mcp-scope a\n";
my $env     = "#!/bin/sh\necho Content-Type: text/plain\necho\necho \"[\$REMOTE_USER|\$MCP_SUBJECT|\$HTTP_X_MCP_SUBJECT|\$HTTP_AUTHORIZATION]\"\n";
my $httpd   = MCPTest::Httpd->start(
    vars    => { BACKEND => $backend->url },
    modules => [qw(include actions)],
    files   => {
        'conf/keys.json'          => MCPTest::Key::jwks($key),
        'htdocs/index/.htaccess'  => "${protect}DirectoryIndex env.cgi\n",
        'htdocs/index/env.cgi'    => $env,
        'htdocs/fast/.htaccess'   => "DirectoryIndex index.cgi\n<Files index.cgi>\n$protect</Files>\n",
        'htdocs/fast/index.cgi'   => $env,
        'htdocs/proxy/.htaccess'  => "DirectoryIndex index.prx\n<Files index.prx>\n$protect\nSetHandler proxy:\@BACKEND@/fast\n</Files>\n",
        'htdocs/proxy/index.prx'  => 'x',
        'htdocs/rewrite/.htaccess' => "${protect}RewriteEngine On\nRewriteRule ^go\$ env.cgi\nRewriteRule ^away\$ /proxied/away [PT]\nRewriteRule ^other\$ /stricter/env.cgi [PT]\n",
        'htdocs/rewrite/env.cgi'  => $env,
        'htdocs/stricter/.htaccess' => $protect =~ s/scope a/scope a b/r,
        'htdocs/stricter/env.cgi' => $env,
        'htdocs/action/.htaccess' => "${protect}Action wrap /index/env.cgi\nAddHandler wrap .wrap\n",
        'htdocs/action/x.wrap'    => 'x',
        'htdocs/page/all.shtml'   => "1<!--#include virtual=\"/index/env.cgi\" -->2<!--#include virtual=\"/rewrite/env.cgi\" -->3<!--#include virtual=\"/stricter/env.cgi\" -->4",
        'htdocs/error/.htaccess'  => "${protect}MCPErrorBody default\nErrorDocument 401 /error401.txt\nErrorDocument 403 /index/env.cgi\n",
        'htdocs/error/x'          => 'x',
        'htdocs/error401.txt'     => 'please log in',
    },
    conf => <<'END');
<MCPIssuer "https://auth.example.com">
    MCPKeys file:@ROOT@/conf/keys.json
</MCPIssuer>
SetEnvIf Authorization "(.+)" HTTP_AUTHORIZATION=$1
<Directory "@ROOT@/htdocs">
    Options +ExecCGI +Includes +FollowSymLinks
    AllowOverride All
</Directory>
AddOutputFilter INCLUDES .shtml
AddType text/html .shtml
<Location "/proxied">
    AuthType MCP
    MCPResource http://127.0.0.1:@PORT@/
    Require mcp-scope a
    ProxyPass @BACKEND@
</Location>
END

my $http = MCPTest::HTTP->new($httpd->url);
my $jwt  = MCPTest::JWT->new(key => $key, iss => 'https://auth.example.com', aud => $httpd->url('/'), scope => 'a', sub => 'alice');

sub good (%claims) { return (Authorization => 'Bearer ' . $jwt->mint(%claims)) }

# path, claims (undef: no token), status, body
my @rows = (
    [ '/index/',        {},    200, '[alice|alice|alice|]' ],
    [ '/index/',        undef, 401 ],
    [ '/rewrite/go',    {},    200, '[alice|alice|alice|]' ],
    [ '/rewrite/go',    undef, 401 ],
    [ '/rewrite/other', {},    403 ],
    [ '/rewrite/other', { scope => 'a b' }, 200, '[alice|alice|alice|]' ],
    [ '/rewrite/other', { exp => 1 }, 401 ],
    [ '/action/x.wrap', {},    200, '[alice|alice|alice|]' ],
    [ '/action/x.wrap', undef, 401 ],
);
for my $row (@rows) {
    my ($path, $claims, $status, $body) = @$row;
    my $name = "$path " . ($claims ? join ' ', %$claims : 'no token');
    my $res  = $http->get($path, $claims ? good(%$claims) : (), 'X-MCP-Subject' => 'root');
    is $res->status, $status, "$name: status";
    is scalar(() = $res->headers('WWW-Authenticate')), $status == 200 ? 0 : 1, "$name: challenges";
    is $res->body, "$body\n", "$name: who it is" if $body;
    is $res->json->{jsonrpc}, '2.0', "$name: JSON-RPC" if $status > 400;
}
subtest 'an index file that is protected where its directory is not' => sub {
    is $http->get('/fast/', good(), 'X-MCP-Subject' => 'root')->body, "[alice|alice|alice|]\n", 'a program';
    is $http->get('/proxy/', good(), 'X-MCP-Subject' => 'root')->status, 200, 'proxied';
    is_deeply [ $backend->seen('X-MCP-Subject') ], ['alice'], 'has the identity';
    is_deeply [ $backend->seen('Authorization') ], [], 'and no token';
    for my $path ('/fast/', '/proxy/') {
        my $res = $http->get($path);
        is $res->status, 401, "$path without a token";
        is scalar(() = $res->headers('WWW-Authenticate')), 1, "$path has its challenge";
    }
};
is $http->get('/rewrite/away', good())->status, 200, 'a redirect to a proxied path';
is_deeply [ $backend->seen('X-MCP-Subject') ], ['alice'], 'has the identity';
is_deeply [ $backend->seen('Authorization') ], [], 'and no token';

subtest 'parts of a page that needs no token' => sub {
    my $page = $http->get('/page/all.shtml', good());
    is $page->status, 200, 'the page';
    is_deeply [ $page->headers('WWW-Authenticate') ], [], 'has no challenge of a part';
    my $who = quotemeta '[alice|alice|alice|]';
    like $page->body, qr/\A1$who\n2$who\n3/, 'two parts find the token, one after the other' or diag $page->body;
    unlike $page->body, qr/3\[[^]]*[|]/, 'the third wants more';
    unlike $page->body, qr/eyJ|jsonrpc/, 'no token and no JSON in it';
    $page = $http->get('/page/all.shtml', good(scope => 'a b'));
    like $page->body, qr/3$who\n4/, 'with more it is there';
    $page = $http->get('/page/all.shtml', 'X-MCP-Subject' => 'root');
    is $page->status, 200, 'without a token the page is there';
    unlike $page->body, qr/[|]/, 'and no part of it';
    is_deeply [ $page->headers('WWW-Authenticate') ], [], 'and no challenge';
};

subtest 'error documents' => sub {
    my $res = $http->get('/error/x');
    is $res->status, 401, 'a local page: status';
    is $res->body, 'please log in', 'a local page: its text';
    is scalar(() = $res->headers('WWW-Authenticate')), 1, 'one challenge';
    is $res->header('Cache-Control'), 'no-store', 'not stored';
    $res = $http->get('/error/x', good(scope => 'b'));
    is $res->status, 403, 'a protected page: status';
    is scalar(() = $res->headers('WWW-Authenticate')), 1, 'one challenge still';
    unlike $res->body, qr/eyJ/, 'no token';
    is $http->get('/error/x', good())->body, 'x', 'no error, no page';
};

subtest "a cache, CacheQuickHandler $_" => sub {
    my $server = cache_server($_);
    my $client = MCPTest::HTTP->new($server->url);
    my $token  = sub (%claims) { return good(aud => $server->url('/'), %claims) };
    $backend->reply('/x' => { status => 200, headers => [ [ 'Cache-Control' => 'max-age=600' ] ], body => 'for alice' });
    for my $path ('/cached/x.txt', '/proxied/x') {
        is $client->get($path, $token->())->status, 200, "$path: alice";
        is $client->get($path)->status, 401, "$path: nobody";
        is $client->get($path, $token->(sub => 'bob', scope => 'b'))->status, 403, "$path: bob";
        my $again = $client->get($path, $token->());
        is $again->status, 200, "$path: alice again";
        unlike $again->header('X-Cache') // '', qr/HIT|REVALIDATE/, "$path: nothing was stored";
    }
    is $client->get('/public/x.txt')->status, 200, 'the cache works elsewhere';
    like $client->get('/public/x.txt')->header('X-Cache') // '', qr/HIT|REVALIDATE/, 'and stores there';
} for qw(Off On);

done_testing;

sub cache_server ($quick) {
    my $server = MCPTest::Httpd->start(
        vars    => { BACKEND => $backend->url, QUICK => $quick },
        modules => [qw(cache cache_disk)],
        files   => { 'conf/keys.json' => MCPTest::Key::jwks($key), 'htdocs/cached/x.txt' => 'cached', 'htdocs/public/x.txt' => 'public', 'run/cache/x' => '' },
        conf    => <<'END');
<MCPIssuer "https://auth.example.com">
    MCPKeys file:@ROOT@/conf/keys.json
</MCPIssuer>
CacheRoot @ROOT@/run/cache
CacheEnable disk /
CacheHeader On
CacheDefaultExpire 600
CacheQuickHandler @QUICK@
<LocationMatch "^/(proxied|cached)">
    AuthType MCP
    MCPResource http://127.0.0.1:@PORT@/
    Require mcp-scope a
</LocationMatch>
ProxyPass /proxied @BACKEND@
END
    chmod 0777, $server->root . '/run/cache';
    return $server;
}
