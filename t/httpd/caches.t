#!/usr/bin/perl
# W-05, W-06. What mod_cache may not keep, with every line of its configuration that tells it not to mind: pages with a protected part in
# them, and refusals. Plain protected answers are in chain.t and redirects.t.

use v5.36;
use Test::More;
use MCPTest::HTTP;
use MCPTest::Httpd;
use MCPTest::JWT;
use MCPTest::Key;

my $key = MCPTest::Key->get('P-256');

for my $quick (qw(On Off)) {
    my $httpd = server($quick);
    my $http  = MCPTest::HTTP->new($httpd->url);
    my $jwt   = MCPTest::JWT->new(key => $key, iss => 'https://auth.example.com', aud => 'https://mcp.example/mcp', scope => 'a');
    my $token = sub (%claims) { return (Authorization => 'Bearer ' . $jwt->mint(%claims)) };
    for my $page (qw(part long second)) {
        my $path = "/page/$page.shtml";
        like $http->get($path, $token->())->body, qr/for alice/, "W-05 $quick, $page: alice has her part of a public page";
        unlike $http->get($path)->body, qr/for alice/, "W-05 $quick, $page: nobody else has";
        like $http->get($path, $token->())->body, qr/for alice/, "W-05 $quick, $page: nor is she given another's page";
    }
    is $http->get('/mcp/x')->status, 401, "W-06 $quick: refused";
    my $res = $http->get('/mcp/x', Origin => 'https://mcp.example');
    is $res->status, 401, "W-06 $quick: refused again";
    unlike $res->header('X-Cache') // '', qr/HIT|REVALIDATE/, "W-06 $quick: not from the cache";
    ok $res->header('Access-Control-Allow-Origin'), "W-06 $quick: for the origin that asks now";
    unlike $http->get('/page/refused.shtml')->body, qr/jsonrpc/, "W-06 $quick: no refusal is part of a page";
    $http->get('/open.txt') for 1 .. 2;
    like $http->get('/open.txt')->header('X-Cache') // '', qr/HIT|REVALIDATE/, "$quick: the cache works";
}

done_testing;

sub server ($quick) {
    my $part   = '<!--#include virtual="/mcp/part.txt" -->';
    my $server = MCPTest::Httpd->start(
        vars    => { QUICK => $quick },
        modules => [qw(cache cache_disk include)],
        files   => {
            'conf/keys.json'            => MCPTest::Key::jwks($key),
            'run/cache/x'               => '',
            'htdocs/open.txt'           => 'open',
            'htdocs/mcp/x'              => 'x',
            'htdocs/mcp/part.txt'       => 'for alice',
            'htdocs/page/part.shtml'    => "1${part}2",
            'htdocs/page/long.shtml'    => ('x' x 20_000) . $part,
            'htdocs/page/second.shtml'  => "1<!--#include virtual=\"/open.txt\" -->2${part}3",
            'htdocs/page/refused.shtml' => '1<!--#include virtual="/mcp/x" -->2',
        },
        conf => <<'END');
<MCPIssuer "https://auth.example.com">
    MCPKeys file:@ROOT@/conf/keys.json
</MCPIssuer>
CacheRoot @ROOT@/run/cache
CacheEnable disk /
CacheHeader On
CacheDefaultExpire 600
CacheIgnoreCacheControl On
CacheStorePrivate On
CacheStoreNoStore On
CacheStoreExpired On
CacheIgnoreNoLastMod On
CacheQuickHandler @QUICK@
AddOutputFilter INCLUDES .shtml
AddType text/html .shtml
<Directory "@ROOT@/htdocs">
    Options +Includes
</Directory>
<Location "/page">
    Header set Cache-Control "public, max-age=600"
</Location>
<Location "/mcp">
    AuthType MCP
    MCPResource https://mcp.example/mcp
    Require mcp-scope a
</Location>
END
    chmod 0777, $server->root . '/run/cache';
    return $server;
}
