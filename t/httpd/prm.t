#!/usr/bin/perl
# H-17, H-31, H-32, J-11, J-12. Protected Resource Metadata: every address of it, from every kind of section, public whatever protects the path.

use v5.36;
use Test::More;
use MCPTest::Backend;
use MCPTest::HTTP;
use MCPTest::Httpd;

my $backend = MCPTest::Backend->start;
my $httpd   = MCPTest::Httpd->start(
    vars  => { BACKEND => $backend->url },
    files => {
        'htdocs/shared/mcp.cgi'   => "#!/bin/sh\necho Content-Type: text/plain\necho\necho cgi\n",
        'htdocs/shared/.htaccess' => "AuthType MCP\nMCPResource http://127.0.0.1:\@PORT@/shared/mcp.cgi\nRequire mcp-scope tenant\n",
        'htdocs/dir/index.html'   => 'dir',
    },
    conf => <<'END');
MCPIssuer http://127.0.0.1:1/as
MCPIssuer http://127.0.0.1:1/other
<Location "/mcp">
    AuthType MCP
    MCPResource http://127.0.0.1:@PORT@/mcp
    MCPTrustIssuer http://127.0.0.1:1/as
    <RequireAny>
        Require mcp-scope a b
        <RequireAll>
            Require mcp-scope b c
            Require mcp-role r
        </RequireAll>
    </RequireAny>
    ProxyPass @BACKEND@/mcp
</Location>
<Location "/slash/">
    AuthType MCP
    MCPResource http://127.0.0.1:@PORT@/slash/
    MCPScopesSupported x y
    MCPMetadata resource_name "Example \"files\""
    MCPMetadata resource_name#de Beispiel
    MCPMetadata resource_documentation https://example.com/docs
    MCPMetadata bearer_methods_supported header
    MCPMetadata resource_signing_alg_values_supported RS256 ES256
    MCPMetadata tls_client_certificate_bound_access_tokens false
    MCPMetadata x_number 7
    MCPMetadata x_object "{\"a\":[1]}"
    Require valid-user
    ProxyPass @BACKEND@/slash/
</Location>
<Location "/nobody">
    AuthType MCP
    MCPResource http://127.0.0.1:@PORT@/nobody
    Require all denied
</Location>
<Directory "@ROOT@/htdocs/dir">
    AuthType MCP
    MCPResource http://127.0.0.1:@PORT@/dir
    Require mcp-scope from-directory
</Directory>
<Location "/if">
    AuthType MCP
    MCPResource http://127.0.0.1:@PORT@/if
    Require mcp-scope plain
    <If "%{HTTP_HOST} =~ /127/">
        Require mcp-scope from-if
    </If>
</Location>
<Location "/stripped">
    AuthType MCP
    MCPResource http://127.0.0.1:@PORT@/public/mcp
    Require mcp-scope s
</Location>
<Location "/open">
    AuthType None
    Require all granted
</Location>
Redirect /moved https://elsewhere.example/
<Location "/moved">
    AuthType MCP
    MCPResource http://127.0.0.1:@PORT@/moved
    Require mcp-scope m
</Location>

Listen 127.0.0.1:@PORT2@
<VirtualHost 127.0.0.1:@PORT2@>
    <Location "/">
        AuthType None
        Require all granted
    </Location>
    <Location "/only">
        AuthType MCP
        MCPResource http://127.0.0.1:@PORT2@/only default
        Require mcp-scope o
    </Location>
</VirtualHost>

Listen 127.0.0.1:@PORT3@
<VirtualHost 127.0.0.1:@PORT3@>
    ProxyPass / @BACKEND@/
    RewriteEngine On
    RewriteRule ^/\.well-known/oauth-protected-resource(/|$) /elsewhere [R=302]
    <Location "/">
        AuthType MCP
        MCPResource http://127.0.0.1:@PORT3@/
        Require mcp-scope root
    </Location>
</VirtualHost>
END

my $http = MCPTest::HTTP->new($httpd->url);
my $two  = MCPTest::HTTP->new($httpd->port(2));
my $three = MCPTest::HTTP->new($httpd->port(3));
my $well = '/.well-known/oauth-protected-resource';
my $base = $httpd->url =~ s{/\z}{}r;

# request path, resource, scopes
my @rows = (
    [ "$well/mcp",             '/mcp',       [qw(a b c)] ],
    [ "/mcp$well",             '/mcp',       [qw(a b c)] ],
    [ "$well/mcp/",            '/mcp/',      [qw(a b c)] ],
    [ "$well/mcp?x=1",         '/mcp',       [qw(a b c)] ],
    [ "$well/slash/",          '/slash/',    [qw(x y)] ],
    [ "$well/slash",           '/slash',     [qw(x y)] ],
    [ "/slash$well",           '/slash',     [qw(x y)] ],
    [ "$well/nobody",          '/nobody',    undef ],
    [ "$well/dir",             '/dir',       ['from-directory'] ],
    [ "$well/dir/",            '/dir/',      ['from-directory'] ],
    [ "$well/shared/mcp.cgi",  '/shared/mcp.cgi', ['tenant'] ],
    [ "/shared/mcp.cgi$well",  '/shared/mcp.cgi', ['tenant'] ],
    [ "$well/if",              '/if',        ['from-if'] ],
    [ "$well/moved",           '/moved',     ['m'] ],
);

for my $row (@rows) {
    my ($path, $resource, $scopes) = @$row;
    my $res = $http->get($path, Authorization => 'Bearer nonsense', 'MCP-Protocol-Version' => '2025-11-25');
    my $doc = $res->json // {};
    is $res->status, 200, "$path: status";
    is $doc->{resource}, "$base$resource", "$path: resource";
    is_deeply $doc->{scopes_supported}, $scopes, "$path: scopes";
    is $res->header('Content-Type'), 'application/json', "$path: type";
    is $res->header('Access-Control-Allow-Origin'), '*', "$path: for every origin";
    is $res->header('Cache-Control'), 'public, max-age=3600', "$path: may be stored";
    is_deeply [ $res->headers('WWW-Authenticate') ], [], "$path: no challenge";
}
is $backend->count, 0, 'nothing of this reached the backend';

is_deeply $http->get("$well/mcp")->json->{authorization_servers}, ['http://127.0.0.1:1/as'], 'MCPTrustIssuer chooses';
is_deeply $http->get("$well/dir")->json->{authorization_servers}, [ 'http://127.0.0.1:1/as', 'http://127.0.0.1:1/other' ], 'all of them else';
is $http->get($well)->status, 404, 'the root form with several resources and no default';

my $doc = $http->get("$well/slash/")->json;
is $doc->{resource_name}, 'Example "files"', 'a string';
is $doc->{'resource_name#de'}, 'Beispiel', 'in a language';
is $doc->{resource_documentation}, 'https://example.com/docs', 'a URL';
is_deeply $doc->{resource_signing_alg_values_supported}, [qw(RS256 ES256)], 'a list';
ok exists $doc->{tls_client_certificate_bound_access_tokens} && !$doc->{tls_client_certificate_bound_access_tokens}, 'a boolean';
is $doc->{x_number}, 7, 'a member of our own';
is_deeply $doc->{x_object}, { a => [1] }, 'an object';
is_deeply $doc->{bearer_methods_supported}, ['header'], 'how tokens are sent';

# Conditional requests and methods.
my $full = $http->get("$well/mcp");
my $etag = $full->header('ETag');
like $etag, qr/^"[0-9a-f]{32}"\z/, 'a strong ETag';
my $res = $http->get("$well/mcp", 'If-None-Match' => $etag);
is $res->status, 304, 'unchanged';
is $res->header('ETag'), $etag, 'with its ETag';
is $res->header('Access-Control-Allow-Origin'), '*', 'and CORS';
is $res->body, '', 'and no body';
is $http->get("$well/mcp", 'If-None-Match' => '"other"')->status, 200, 'another tag';
$res = $http->request(HEAD => "$well/mcp", []);
is $res->status, 200, 'HEAD';
is $res->header('Content-Length'), length $full->body, 'HEAD tells the length';
for my $method (qw(POST PUT DELETE PATCH FOO)) {
    $res = $http->request($method, "$well/mcp", []);
    is $res->status, 405, "$method";
    is $res->header('Allow'), 'GET, HEAD, OPTIONS', "$method: Allow";
}
$res = $http->request(OPTIONS => "$well/mcp", []);
is $res->status, 200, 'OPTIONS';
is $res->json->{resource}, "$base/mcp", 'OPTIONS has the document';
$res = $http->request(OPTIONS => "$well/mcp", [ Origin => 'https://x.example', 'Access-Control-Request-Method' => 'GET',
    'Access-Control-Request-Headers' => 'mcp-protocol-version' ]);
is $res->status, 204, 'preflight';
like $res->header('Access-Control-Allow-Headers'), qr/MCP-Protocol-Version/, 'which field it may send';
is $res->header('Access-Control-Allow-Origin'), '*', 'from anywhere';

# What is no resource, and what only looks like an address of the metadata (H-32).
for my $path ("$well/open", "/open$well", "$well/../mcp", "$well/%2e%2e/mcp", "$well//mcp", "$well/mcp/../open", "$well/a%2fb", "$well/./mcp", "$well/mcp/.") {
    $res = $http->get($path);
    is $res->status, 404, "$path: status";
    is $res->json->{error}{message}, 'There is no such protected resource', "$path: JSON";
    is $res->header('Cache-Control'), 'no-store', "$path: not stored";
}
for my $path ("${well}x", '/.well-known/OAuth-Protected-Resource', "$well;x", '/.WELL-KNOWN/oauth-protected-resource/mcp', '/.well-known/../mcp') {
    is $three->get($path)->status, 401, "$path: protected as any other path";
}

# A server behind a front proxy that strips a path: the public path finds the section.
is $http->get("$well/stripped")->json->{resource}, "$base/public/mcp", 'the resource differs from the path';

# Another virtual host has its own resource, and no other.
is $two->get($well)->json->{resource}, 'http://127.0.0.1:' . $httpd->port(2) . '/only', 'the default of this host';
is $two->get("$well/only")->status, 200, 'at its path';
is $two->get("$well/mcp")->status, 404, "the other host's resource is not here";

# Everything needs a token, is proxied and redirected: the metadata is there all the same.
for my $path ($well, "$well/") {
    $res = $three->get($path);
    is $res->status, 200, "$path: public under a protected root";
    is $res->json->{resource}, 'http://127.0.0.1:' . $httpd->port(3) . '/', "$path: the root resource";
    is_deeply $res->json->{scopes_supported}, ['root'], "$path: scopes";
}
is $three->get('/x')->status, 401, 'while the rest is not';

# OPTIONS on a protected path tells the same.
$res = $http->request(OPTIONS => '/mcp', []);
is $res->status, 200, 'OPTIONS on the resource';
is $res->json->{resource}, "$base/mcp", 'has the document';
like $res->header('Allow'), qr/\bPOST\b/, 'and Allow';
is $backend->count, 0, 'and never reaches the backend';

done_testing;
