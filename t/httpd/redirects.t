#!/usr/bin/perl
# Requests that httpd makes of a request, where one of the two is not ours: error documents behind a proxy, parts that a proxy
# serves, redirects out of and into protection, a cache of either kind. The plain cases are in chain.t.

use v5.36;
use Test::More;
use MCPTest::Backend;
use MCPTest::Challenge 'complaints';
use MCPTest::HTTP;
use MCPTest::Httpd;
use MCPTest::JWT;
use MCPTest::Key;

my $backend = MCPTest::Backend->start;
my $key     = MCPTest::Key->get('P-256');
my $protect = "AuthType MCP\nMCPResource http://127.0.0.1:\@PORT@/\nRequire mcp-scope a\n";
my $who     = "#!/bin/sh\necho Content-Type: text/plain\necho\necho \"[\$REMOTE_USER|\$MCP_SUBJECT|\$HTTP_X_MCP_SUBJECT]\"\n";
my $httpd   = MCPTest::Httpd->start(
    vars    => { BACKEND => $backend->url },
    access_format => '%{MCP_DECISION}e %<U',
    modules => [qw(include actions negotiation)],
    files   => {
        'conf/keys.json'            => MCPTest::Key::jwks($key),
        'htdocs/in/.htaccess'       => "${protect}DirectoryIndex missing.html who.cgi\nRewriteEngine On\nRewriteRule ^out\$ /open/who.cgi [L]\nRewriteRule ^proxy\$ /guarded/x [PT]\n"
            . "RewriteRule ^leave\$ /plain/x [PT]\nRewriteRule ^p\$ \@BACKEND@/per-dir [P]\n",
        'htdocs/in/who.cgi'         => $who,
        'htdocs/in/types.var'       => "URI: who.cgi\nContent-Type: text/plain\n",
        'htdocs/open/who.cgi'       => $who,
        'htdocs/open/.htaccess'     => "RewriteEngine On\nRewriteRule ^into\$ /in/who.cgi [PT]\nAction wrap /in/who.cgi\nAddHandler wrap .wrap\n",
        'htdocs/open/x.wrap'        => 'x',
        'htdocs/open/two.shtml'     => '<!--#include virtual="/in/who.cgi" --><!--#include virtual="/in/who.cgi?2" -->end',
        'htdocs/open/proxied.shtml' => '<!--#include virtual="/guarded/one" --><!--#include virtual="/guarded/two" -->end',
        'htdocs/open/mixed.shtml'   => '<!--#include virtual="/in/who.cgi" --><!--#include virtual="/plain/after" -->end',
        'htdocs/in/page.shtml'      => '<!--#include virtual="/in/who.cgi" --><!--#include virtual="/guarded/part" -->end',
        'htdocs/in/else.shtml'      => '<!--#include virtual="/plain/part" -->end',
        'htdocs/text.html'          => 'log in, please',
        'htdocs/in/text.html'       => 'protected page',
    },
    conf => <<'END');
<MCPIssuer "https://auth.example.com">
    MCPKeys file:@ROOT@/conf/keys.json
</MCPIssuer>
<Directory "@ROOT@/htdocs">
    Options +ExecCGI +Includes +FollowSymLinks
    AllowOverride All
</Directory>
AddOutputFilter INCLUDES .shtml
AddType text/html .shtml
AddHandler type-map .var
ProxyPass /guarded @BACKEND@/guarded
ProxyPass /plain @BACKEND@/plain
ProxyPass /fails @BACKEND@/fails
<LocationMatch "^/(guarded|fails)">
    AuthType MCP
    MCPResource http://127.0.0.1:@PORT@/
    Require mcp-scope a
</LocationMatch>
<LocationMatch "^/fails">
    MCPErrorBody default
</LocationMatch>
# Without this mod_proxy gives an error document the status of its own answer, 200.
<LocationMatch "^/(fails/itself|plain/error)$">
    ProxyErrorOverride On
</LocationMatch>
<Location "/fails/two-hundred">
    ErrorDocument 401 /plain/200
    ErrorDocument 403 /plain/200
</Location>
<Location "/fails/text">
    ErrorDocument 401 /text.html
    ErrorDocument 403 /text.html
</Location>
<Location "/fails/backend">
    ErrorDocument 400 /plain/error
    ErrorDocument 401 /plain/error
    ErrorDocument 403 /plain/error
    ErrorDocument 503 /plain/error
</Location>
<Location "/fails/address">
    ErrorDocument 403 /plain/error
    Require ip 192.0.2.1
</Location>
<Location "/fails/protected">
    ErrorDocument 401 /in/text.html
    ErrorDocument 403 /in/text.html
</Location>
<Location "/fails/itself">
    ErrorDocument 401 /fails/itself
    ErrorDocument 403 /fails/itself
</Location>
<Location "/fails/away">
    ErrorDocument 401 https://elsewhere.example/
</Location>
<Location "/guarded/document">
    ErrorDocument 401 /text.html
</Location>
END

my $http = MCPTest::HTTP->new($httpd->url);
my $jwt  = MCPTest::JWT->new(key => $key, iss => 'https://auth.example.com', aud => $httpd->url('/'), scope => 'a', sub => 'alice');

sub good (%claims) { return (Authorization => 'Bearer ' . $jwt->mint(%claims)) }

# No request that reached the backend has a token.
sub no_token ($name) {
    my @with = grep { $_->[1] =~ /eyJ/ } map { @{ $_->{headers} } } $backend->requests;
    is_deeply \@with, [], "$name: no token at the backend";
    return;
}

subtest 'error documents' => sub {
    # section, what the token lacks, status, challenges, body
    my @rows = (
        [ text      => [],                             401, 1, qr/\Alog in, please\z/ ],
        [ text      => [ good(exp => 1) ],             401, 1, qr/\Alog in, please\z/ ],
        [ text      => [ good(scope => 'b') ],         403, 1, qr/\Alog in, please\z/ ],
        [ backend   => [],                             401, 1, qr/"path":"\/plain\/error"/ ],
        [ backend   => [ good(exp => 1) ],             401, 1, qr/"path":"\/plain\/error"/ ],
        [ backend   => [ good(aud => 'https://h/') ],  401, 1, qr/"path":"\/plain\/error"/ ],
        [ backend   => [ good(scope => 'b') ],         403, 1, qr/"path":"\/plain\/error"/ ],
        [ backend   => [ (good()) x 2 ],               400, 1, qr/"path":"\/plain\/error"/ ],
        [ address   => [ good() ],                     403, 0, qr/"path":"\/plain\/error"/ ],
        [ protected => [],                             401, 1, undef ],
        [ protected => [ good(exp => 1) ],             401, 1, undef ],
        [ protected => [ good(scope => 'b') ],         403, 1, undef ],
        [ itself    => [],                             401, 1, undef ],
        [ itself    => [ good(scope => 'b') ],         403, 1, undef ],
        [ away      => [],                             401, 1, undef ],
    );
    for my $row (@rows) {
        my ($section, $auth, $status, $challenges, $body) = @$row;
        my $name = "$section, $status" . (@$auth ? '' : ', no token');
        $backend->clear;
        my $res = $http->get("/fails/$section", @$auth, 'X-MCP-Subject' => 'mallory');
        is $res->status, $status, "$name: status";
        is scalar(() = $res->headers('WWW-Authenticate')), $challenges, "$name: challenges";
        is_deeply [ complaints($res->headers('WWW-Authenticate')) ], [], "$name: which is fit" if $challenges;
        like $res->body, $body, "$name: body" if $body;
        unlike $res->body, qr/protected page/, "$name: nothing protected";
        is scalar(() = $res->headers('Cache-Control')), 1, "$name: Cache-Control once";
        like $res->header('Cache-Control'), qr/no-store/, "$name: not stored";
        no_token($name);
        is_deeply [ grep { $_ eq 'mallory' } map { $backend->seen('X-MCP-Subject', $_) } $backend->requests ], [], "$name: nothing forged at the backend";
    }
    ok $httpd->wait_log(qr{ /fails/away$}m, 5, 'access_log'), 'the log has all of them';
    is_deeply [ grep { !/^refused / } split /\n/, $httpd->access_log ], [], 'and each was refused';
    for my $auth ([], [ good(scope => 'b') ]) {
        my $res = $http->get('/fails/two-hundred', @$auth);
        ok $res->status >= 400 || !$res->headers('WWW-Authenticate'), 'no challenge on a 200 that a backend made of an error' or diag $res->summary;
    }
    my $ok = $http->get('/fails/protected', good());
    is $ok->status, 200, 'and a good token passes';
    my $json = $http->get('/guarded/document');
    ok $json->json->{error}, 'MCPErrorBody jsonrpc comes before an ErrorDocument';
};

subtest 'redirects' => sub {
    # path, without a token, with one, who it is
    my @rows = (
        [ '/in/',            401, 200, '[alice|alice|alice]' ],
        [ '/in/types.var',   401, 200, '[alice|alice|alice]' ],
        [ '/in/out',         401, 200, qr/\A\[\|/ ],
        [ '/open/into',      401, 200, '[alice|alice|alice]' ],
        [ '/open/x.wrap',    401, 200, '[alice|alice|alice]' ],
        [ '/in/proxy',       401, 200, qr/"X-MCP-Subject","alice"/ ],
        [ '/in/leave',       401, 200, qr{"path":"/plain/x"} ],
        [ '/in/p',           401, 200, qr/"X-MCP-Subject","alice"/ ],
    );
    for my $row (@rows) {
        my ($path, $without, $with, $who) = @$row;
        $backend->clear;
        my $res = $http->get($path, 'X-MCP-Subject' => 'mallory');
        is $res->status, $without, "$path, no token: status";
        is scalar(() = $res->headers('WWW-Authenticate')), 1, "$path, no token: one challenge";
        is $backend->count, 0, "$path, no token: the backend saw nothing";
        $res = $http->get($path, good(), 'X-MCP-Subject' => 'mallory');
        is $res->status, $with, "$path: status" or diag $res->summary;
        is_deeply [ $res->headers('WWW-Authenticate') ], [], "$path: no challenge";
        like $res->body, ref $who ? $who : qr/\A\Q$who\E\n\z/, "$path: who it is";
        unlike $res->body, qr/mallory/, "$path: nothing forged";
        no_token($path);
        is $http->get($path, good(exp => 1))->status, 401, "$path: expired";
        is $http->get($path, good(scope => 'b'))->status, 403, "$path: too weak";
    }
};

subtest 'parts of pages' => sub {
    # page, token, what is in it, what is not
    my @rows = (
        [ '/open/two.shtml',     [ good() ],            qr/\A\[alice\|alice\|alice\]\n\[alice\|alice\|alice\]\nend/ ],
        [ '/open/two.shtml',     [],                    qr/end/, qr/\|/ ],
        [ '/open/two.shtml',     [ good(exp => 1) ],    qr/end/, qr/\|/ ],
        [ '/open/two.shtml',     [ good(scope => 'b') ], qr/end/, qr/\|/ ],
        [ '/open/proxied.shtml', [ good() ],            qr{"/guarded/one".*"/guarded/two".*end}s ],
        [ '/open/proxied.shtml', [],                    qr/end/, qr/guarded/ ],
        [ '/open/mixed.shtml',   [],                    qr{"/plain/after".*end}, qr/\|/ ],
        [ '/in/page.shtml',      [ good() ],            qr{\[alice\|alice\|alice\]\n.*"/guarded/part".*end}s ],
        [ '/in/else.shtml',      [ good() ],            qr{"/plain/part".*end}s ],
    );
    for my $row (@rows) {
        my ($page, $auth, $in, $out) = @$row;
        my $name = "$page " . (@$auth ? 'with a token' : 'without');
        $backend->clear;
        my $res = $http->get($page, @$auth, 'X-MCP-Subject' => 'mallory');
        is $res->status, 200, "$name: the page is there";
        like $res->body, $in, "$name: with its parts";
        unlike $res->body, $out, "$name: and not the others" if $out;
        unlike $res->body, qr/mallory|jsonrpc|eyJ/, "$name: nothing forged, no refusal, no token in it";
        is_deeply [ $res->headers('WWW-Authenticate') ], [], "$name: no challenge";
        no_token($name) if $page ne '/open/mixed.shtml';
    }
};

for my $quick (qw(On Off)) {
    subtest "a cache, CacheQuickHandler $quick" => sub {
        my $server = cache_server($quick);
        my $client = MCPTest::HTTP->new($server->url);
        my @token  = good(aud => $server->url('/'));
        for my $control ('max-age=600', 'public, max-age=600', 's-maxage=600') {
            my $path = '/proxied/' . ($control =~ s/\W/-/gr);
            $backend->reply($path => { status => 200, headers => [ [ 'Cache-Control' => $control ] ], body => 'for alice' });
            is $client->get($path, @token)->status, 200, "$control: alice";
            is $client->get($path)->status, 401, "$control: nobody";
            my $before = $backend->count;
            my $again  = $client->get($path, @token);
            is $again->body, 'for alice', "$control: alice again";
            is $backend->count, $before + 1, "$control: asked the backend again";
        }
        is $client->get('/.well-known/oauth-protected-resource')->status, 200, 'the metadata';
        is $client->request(POST => '/.well-known/oauth-protected-resource', [], '')->status, 405, 'is not mixed up with its errors';
        is $client->get('/public/x')->status, 200, 'a path that is not protected';
        my $before = $backend->count;
        $client->get('/public/x');
        is $backend->count, $before, 'comes from the cache';
    };
}

done_testing;

sub cache_server ($quick) {
    $backend->reply('/public/x' => { status => 200, headers => [ [ 'Cache-Control' => 'max-age=600' ] ], body => 'public' });
    my $server = MCPTest::Httpd->start(
        vars    => { BACKEND => $backend->url, QUICK => $quick },
        modules => [qw(cache cache_disk)],
        files   => { 'conf/keys.json' => MCPTest::Key::jwks($key), 'run/cache/x' => '' },
        conf    => <<'END');
<MCPIssuer "https://auth.example.com">
    MCPKeys file:@ROOT@/conf/keys.json
</MCPIssuer>
CacheRoot @ROOT@/run/cache
CacheEnable disk /
CacheStorePrivate On
CacheIgnoreCacheControl On
CacheQuickHandler @QUICK@
ProxyPass / @BACKEND@/
<Location "/">
    AuthType MCP
    MCPResource http://127.0.0.1:@PORT@/
    Require mcp-scope a
</Location>
<Location "/public">
    AuthType None
    Require all granted
</Location>
END
    chmod 0777, $server->root . '/run/cache';
    return $server;
}
