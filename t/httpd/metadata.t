#!/usr/bin/perl
# Metadata where other configuration stands in its way: sections of every kind, protected, proxied, denied and redirected roots,
# virtual hosts that share an address, paths that only look like its own. The plain cases are in prm.t.

use v5.36;
use Test::More;
use MCPTest::Backend;
use MCPTest::HTTP;
use MCPTest::Httpd;

my $backend = MCPTest::Backend->start;
my $httpd   = MCPTest::Httpd->start(
    vars  => { BACKEND => $backend->url },
    files => {
        'htdocs/tenant/.htaccess' => "AuthType MCP\nMCPResource https://h.example/tenant\nRequire mcp-scope from-htaccess\n",
        'htdocs/tenant/x.html'    => 'x',
        'htdocs/dir/x.html'       => 'x',
    },
    conf => <<'END');
MCPIssuer https://one.example
MCPIssuer https://two.example
<VirtualHost 127.0.0.1:@PORT@>
<Location "/plain">
    AuthType MCP
    MCPResource https://h.example/plain
    Require mcp-scope b
    Require mcp-any-scope a b
</Location>
<Location "/slash/">
    AuthType MCP
    MCPResource https://h.example/slash/
    Require valid-user
</Location>
<Directory "@ROOT@/htdocs/dir">
    AuthType MCP
    MCPResource https://h.example/dir
    Require mcp-scope from-directory
</Directory>
<If "%{REQUEST_URI} =~ m#^/if#">
    AuthType MCP
    MCPResource https://h.example/if
    Require mcp-scope from-if
</If>
<Location "/typed">
    AuthType MCP
    MCPResource https://h.example/typed
    MCPScopesSupported only these
    MCPMetadata resource_name Typed
    MCPMetadata jwks_uri https://h.example/jwks
    MCPMetadata resource_policy_uri https://h.example/policy
    MCPMetadata resource_tos_uri https://h.example/tos
    MCPMetadata dpop_signing_alg_values_supported ES256
    MCPMetadata authorization_details_types_supported a b
    MCPMetadata dpop_bound_access_tokens_required false
    Require mcp-scope not-listed
</Location>
<Location "/empty">
    AuthType MCP
    MCPResource https://h.example/empty
    MCPScopesSupported none
    Require mcp-scope hidden
</Location>
<Location "/stripped">
    AuthType MCP
    MCPResource https://public.example/team/stripped
    Require mcp-scope s
</Location>
<Location "/denied">
    AuthType MCP
    MCPResource https://h.example/denied
    Require mcp-scope d
    Require all denied
</Location>
</VirtualHost>

Listen 127.0.0.1:@PORT2@
<VirtualHost 127.0.0.1:@PORT2@>
    ProxyPass "/" @BACKEND@/
    Header always set Access-Control-Allow-Origin "https://evil.example"
    Header set Access-Control-Allow-Origin "https://evil.example"
    <Location "/">
        AuthType MCP
        MCPResource https://root.example/
        MCPAllowOrigin none
        Require mcp-scope r
    </Location>
</VirtualHost>

Listen 127.0.0.1:@PORT3@
<VirtualHost 127.0.0.1:@PORT3@>
    Redirect permanent / https://elsewhere.example/
    <Location "/">
        Require all denied
    </Location>
    <Location "/first">
        AuthType MCP
        MCPResource https://third.example/first
        Require valid-user
    </Location>
    <Location "/second">
        AuthType MCP
        MCPResource https://third.example/second default
        Require valid-user
    </Location>
</VirtualHost>

Listen 127.0.0.1:@PORT4@
<VirtualHost 127.0.0.1:@PORT4@>
    ServerName a.example
    <Location "/mcp">
        AuthType MCP
        MCPResource https://a.example/mcp
        Require mcp-scope only-a
    </Location>
    <Location "/only-a">
        AuthType MCP
        MCPResource https://a.example/only-a
        Require valid-user
    </Location>
</VirtualHost>
<VirtualHost 127.0.0.1:@PORT4@>
    ServerName b.example
    MCPIssuer https://b-as.example
    MCPScopePrefix api://b/
    <Location "/mcp">
        AuthType MCP
        MCPResource https://b.example/mcp
        Require mcp-scope only-b
    </Location>
</VirtualHost>
END

my $well = '/.well-known/oauth-protected-resource';
my ($http, $root, $denied, $named) = map { MCPTest::HTTP->new($httpd->port($_)) } 1 .. 4;

sub resource_at ($client, $path, @fields) {
    my $res = $client->get($path, @fields);
    return $res->status == 200 ? $res->json->{resource} : $res->status;
}

subtest 'every kind of section, every form of the address' => sub {
    my %scopes = (plain => [qw(b a)], slash => undef, dir => ['from-directory'], if => ['from-if'], tenant => ['from-htaccess'],
        typed => [qw(only these)], empty => undef);
    for my $name (sort keys %scopes) {
        for my $slash ('', '/') {
            my %form = (inserted => "$well/$name$slash", appended => "/$name$well");
            for my $form (sort keys %form) {
                my $spelled = $form eq 'inserted' ? $slash : '';
                my $res     = $http->get($form{$form}, Authorization => 'Bearer e30.e30.e30', Host => 'evil.example',
                    'X-Forwarded-Host' => 'evil.example', Forwarded => 'host=evil.example;proto=http');
                my $doc = $res->json // {};
                is $res->status, 200, "$form{$form}: status" or diag $res->summary;
                is $doc->{resource}, "https://h.example/$name$spelled", "$form{$form}: resource";
                is_deeply [ sort @{ $doc->{scopes_supported} // [] } ], [ sort @{ $scopes{$name} // [] } ], "$form{$form}: scopes";
                is exists $doc->{scopes_supported} ? 1 : 0, $scopes{$name} ? 1 : 0, "$form{$form}: no empty list";
                is_deeply $doc->{authorization_servers}, [ 'https://one.example', 'https://two.example' ], "$form{$form}: issuers";
            }
        }
    }
    my $doc = $http->get("$well/typed")->json;
    my %due = (
        resource_name => 'Typed', jwks_uri => 'https://h.example/jwks', resource_policy_uri => 'https://h.example/policy',
        resource_tos_uri => 'https://h.example/tos', dpop_signing_alg_values_supported => ['ES256'],
        authorization_details_types_supported => [qw(a b)],
    );
    is_deeply $doc->{$_}, $due{$_}, "a typed member: $_" for sort keys %due;
    ok JSON::PP::is_bool($doc->{dpop_bound_access_tokens_required}), 'a boolean stays one';
    is $http->get("$well/denied")->status, 200, 'a path that nobody may use';
    is resource_at($http, "$well/stripped"), 'https://public.example/team/stripped', 'a stripped path by itself';
    is resource_at($http, "$well/team/stripped"), 'https://public.example/team/stripped', 'and by the public one';
    is resource_at($http, "$well/team/stripped/"), 'https://public.example/team/stripped/', 'with its slash';
    is_deeply $http->get("$well/team/stripped")->json->{scopes_supported}, ['s'], 'with the scopes of the section';
};

subtest 'conditional requests and methods, at each form' => sub {
    for my $path ("$well/plain", "/plain$well") {
        my $full = $http->get($path);
        my $etag = $full->header('ETag');
        for my $match ($etag, "W/$etag", "\"x\", $etag", '*') {
            my $res = $http->get($path, 'If-None-Match' => $match);
            is $res->status, 304, "$path: If-None-Match: $match";
            is $res->body, '', "$path: no body";
        }
        my $head = $http->request(HEAD => $path, []);
        is $head->body, '', "$path: HEAD has no body";
        is $head->header($_), $full->header($_), "$path: HEAD: $_" for qw(ETag Content-Type Content-Length Cache-Control Access-Control-Allow-Origin);
        for my $method (qw(POST PUT DELETE PATCH PROPFIND BREW)) {
            my $res = $http->request($method, $path, [], '{}');
            is $res->status, 405, "$path: $method";
            is $res->header('Allow'), 'GET, HEAD, OPTIONS', "$path: $method: Allow";
            ok $res->json->{error}{message}, "$path: $method: JSON";
        }
        my $flight = $http->request(OPTIONS => $path, [ Origin => 'null', 'Access-Control-Request-Method' => 'GET',
            'Access-Control-Request-Headers' => 'mcp-protocol-version, authorization' ]);
        is $flight->status, 204, "$path: preflight";
        is_deeply [ $flight->headers('Access-Control-Allow-Origin') ], ['*'], "$path: preflight: origin";
        my $plain = $http->request(OPTIONS => $path, [ Origin => 'https://x.example' ]);
        is $plain->status, 200, "$path: OPTIONS that is no preflight";
        is $plain->header('Allow'), 'GET, HEAD, OPTIONS', "$path: OPTIONS: Allow";
        is $plain->body, $full->body, "$path: OPTIONS has the document";
    }
    isnt $http->get("$well/plain")->header('ETag'), $http->get("$well/plain/")->header('ETag'), 'two spellings, two documents';
};

subtest 'a protected, proxied root' => sub {
    for my $auth ([], [ Authorization => 'Bearer x' ], [ Authorization => 'Basic YTpi' ], [ Authorization => '' ], [ Authorization => 'a', Authorization => 'b' ]) {
        for my $path ($well, "$well/") {
            my $res = $root->get($path, @$auth, Origin => 'https://any.example');
            is $res->status, 200, "$path with '@$auth'";
            is $res->json->{resource}, 'https://root.example/', 'its resource';
            is_deeply [ $res->headers('Access-Control-Allow-Origin') ], ['*'], 'one Access-Control-Allow-Origin, whatever Header says';
            is_deeply [ $res->headers('WWW-Authenticate') ], [], 'no challenge';
        }
    }
    my $refused = $root->request(POST => $well, [ Origin => 'https://any.example' ], '{}');
    is $refused->status, 405, 'POST';
    is_deeply [ $refused->headers('Access-Control-Allow-Origin') ], ['*'], 'one Access-Control-Allow-Origin on a 405';
    my $flight = $root->request(OPTIONS => $well, [ Origin => 'https://any.example', 'Access-Control-Request-Method' => 'GET' ]);
    is_deeply [ $flight->status, $flight->headers('Access-Control-Allow-Origin') ], [ 204, '*' ], 'and on a preflight';
    my $etag = $root->get($well)->header('ETag');
    is_deeply [ $root->get($well, 'If-None-Match' => $etag)->headers('Access-Control-Allow-Origin') ], ['*'], 'and on a 304';
    is $backend->count, 0, 'the backend saw nothing';
};

subtest 'a denied, redirected root' => sub {
    is resource_at($denied, $well), 'https://third.example/second', 'the default of several';
    is resource_at($denied, "$well/"), 'https://third.example/second', 'with a slash';
    is resource_at($denied, "$well/first"), 'https://third.example/first', 'the other by its path';
    is resource_at($denied, "/first$well"), 'https://third.example/first', 'and by the appended form';
    my $res = $denied->get("$well/unknown");
    is $res->status, 404, 'an unknown one is no redirect';
    is $res->header('Content-Type'), 'application/json', 'but JSON';
    is $res->header('Location'), undef, 'no Location';
    is $denied->get('/other')->status, 301, 'while other paths are redirected';
};

subtest 'virtual hosts apart' => sub {
    my @a = (Host => 'a.example');
    my @b = (Host => 'b.example');
    is resource_at($named, "$well/mcp", @a), 'https://a.example/mcp', 'a';
    is resource_at($named, "$well/mcp", @b), 'https://b.example/mcp', 'b';
    is resource_at($named, "$well/mcp", Host => 'evil.example'), 'https://a.example/mcp', 'an unknown Host is never echoed';
    is resource_at($named, "$well/only-a", @b), 404, "a's resource is not at b";
    is resource_at($named, $well, @a), 404, 'a has two and no default';
    is resource_at($named, $well, @b), 'https://b.example/mcp', 'b has one';
    is_deeply $named->get("$well/mcp", @b)->json->{scopes_supported}, ['api://b/only-b'], "b's prefix";
    is_deeply $named->get("$well/mcp", @b)->json->{authorization_servers}, ['https://b-as.example'], "b's issuer";
    is_deeply $named->get("$well/mcp", @a)->json->{scopes_supported}, ['only-a'], 'a has none';
};

# No spelling of the address opens what is behind it: the document, a JSON 404 or the protection of the path (H-32).
subtest 'path forms' => sub {
    for my $path (
        "/$well", "/.well-known//oauth-protected-resource", "$well//", "$well/..", "$well/../..", "$well/../../x", "$well/%2e%2e/x",
        "$well/.%2e/%2e./x", "$well/..%2f..%2fx", "$well/x/..", "$well/./x", "/x/..$well", '/%2ewell-known/oauth-protected-resource',
        '/.well-known/%6fauth-protected-resource', '/.Well-Known/oauth-protected-resource', '/.well-known/OAUTH-protected-resource', "$well;x", "$well.json",
        "${well}s", "$well%00", "$well/x%00", "$well%2fx", "$well/x\\..\\y", "$well/%5c..%5cx", "$well/x%0a", "$well?x", "$well/?/../x", "$well/x/$well", "/x$well/y",
        "/x$well/../y", "/x$well/", "/x$well$well", "http://a.example$well", "http://a.example$well/../x",
    ) {
        $backend->clear;
        my $res = $root->get($path);
        my $doc = ($res->json // {})->{resource};
        ok $res->status >= 400 || ($res->status == 200 && ($doc // '') =~ m{\Ahttps://root\.example/}), "$path: " . $res->status;
        is $backend->count, 0, "$path: the backend saw nothing";
    }
};

done_testing;
