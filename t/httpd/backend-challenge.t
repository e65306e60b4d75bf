#!/usr/bin/perl
# What a backend refuses is passed on in its words: its challenge byte for byte, with the address of the metadata when that is
# missing, whatever way the answer takes through httpd. And streams are not held up.

use v5.36;
use Test::More;
use MCPTest::Backend;
use MCPTest::Challenge 'challenges';
use MCPTest::HTTP;
use MCPTest::Httpd;
use MCPTest::JWT;
use MCPTest::Key;
use Time::HiRes 'time';

my $backend = MCPTest::Backend->start(routes => {
    '/sse' => { status => 200, headers => [ [ 'Content-Type' => 'text/event-stream' ], [ 'Mcp-Session-Id' => 's-1' ] ],
        sse => [ 'one', 'two', 'three' ], sse_delay => 1 },
});
my $fcgi  = MCPTest::Backend->start(proto => 'fcgi');
my $key   = MCPTest::Key->get('P-256');
my $httpd = MCPTest::Httpd->start(
    vars    => { BACKEND => $backend->url, FCGI => $fcgi->url },
    modules => ['proxy_fcgi'],
    files   => {
        'conf/keys.json'    => MCPTest::Key::jwks($key),
        'htdocs/error.html' => 'a page of ours',
        'htdocs/cgi/401.cgi' => "#!/bin/sh\nprintf 'Status: 401\\nWWW-Authenticate: Bearer scope=\"own\"\\nContent-Type: text/plain\\n\\nfrom a program'\n",
        'htdocs/cgi/403.cgi' => "#!/bin/sh\nprintf 'Status: 403\\nWWW-Authenticate: Bearer error=\"insufficient_scope\", scope=\"own\"\\nContent-Type: text/plain\\n\\nfrom a program'\n",
    },
    conf => <<'END');
<MCPIssuer "https://auth.example.com">
    MCPKeys file:@ROOT@/conf/keys.json
</MCPIssuer>
<Location "/">
    AuthType MCP
    AuthName "Files"
    MCPResource http://127.0.0.1:@PORT@/
    Require mcp-scope ours
</Location>
<Location "/p">
    ProxyPass @BACKEND@
</Location>
ProxyPass /f @FCGI@/
<Location "/over">
    ProxyPass @BACKEND@
    ProxyErrorOverride On
</Location>
<Location "/page">
    ProxyPass @BACKEND@
    ProxyErrorOverride On
    ErrorDocument 401 /error.html
    ErrorDocument 403 /error.html
</Location>
<Location "/open">
    ProxyPass @BACKEND@
    AuthType None
    Require all granted
</Location>
<Location "/error.html">
    AuthType None
    Require all granted
</Location>
END

my $http = MCPTest::HTTP->new($httpd->url);
my $jwt  = MCPTest::JWT->new(key => $key, iss => 'https://auth.example.com', aud => $httpd->url('/'), scope => 'ours');
my @good = (Authorization => 'Bearer ' . $jwt->mint);
my $add  = sprintf 'resource_metadata="%s"', $httpd->url('/.well-known/oauth-protected-resource');
my $ours = qq{Bearer realm="Files", scope="ours", $add};

# what the backend sends, what arrives; the same for 401 and 403
my @rows = (
    [ ['Bearer'],                                     ["Bearer $add"] ],
    [ ['bearer realm=x'],                             ["bearer realm=x, $add"] ],
    [ ['BEARER  scope = "a b" , error="e"'],          [qq{BEARER  scope = "a b" , error="e", $add}] ],
    [ ['Bearer error="insufficient_scope", scope="a b", error_description="a, b \"c\" = \\\\d", x-own=1'],
      [qq{Bearer error="insufficient_scope", scope="a b", error_description="a, b \\"c\\" = \\\\d", x-own=1, $add}] ],
    [ ['Bearer resource_metadata="https://b.example/m"'],   ['Bearer resource_metadata="https://b.example/m"'] ],
    [ ['Bearer Resource_Metadata=x, scope="y"'],      ['Bearer Resource_Metadata=x, scope="y"'] ],
    [ ['Bearer a="resource_metadata=1"'],             [qq{Bearer a="resource_metadata=1", $add}] ],
    [ ['Bearer resource_metadata_x="1"'],             [qq{Bearer resource_metadata_x="1", $add}] ],
    [ ['Basic realm="x", Bearer scope="a", Digest nonce="n", qop="auth"'], [qq{Basic realm="x", Bearer scope="a", $add, Digest nonce="n", qop="auth"}] ],
    [ [ 'Basic realm="x"', 'Bearer scope="a"', 'DPoP algs="ES256"' ], [ 'Basic realm="x"', qq{Bearer scope="a", $add}, 'DPoP algs="ES256"' ] ],
    [ [ 'Bearer scope="a"', 'Basic realm="x"' ],      [ qq{Bearer scope="a", $add}, 'Basic realm="x"' ] ],
    [ ['Basic realm="Bearer"'],                       ['Basic realm="Bearer"'] ],
    [ ['Basic realm="a, Bearer b=1"'],                ['Basic realm="a, Bearer b=1"'] ],
    [ ['Negotiate'],                                  ['Negotiate'] ],
    [ ['BearerX scope="a"'],                          ['BearerX scope="a"'] ],
    [ ['Bearer scope="open'],                         ['Bearer scope="open'] ],
);

sub script ($path, $status, @challenges) {
    my $reply = { status => $status, headers => [ [ 'X-Own' => 'kept' ], map { [ 'WWW-Authenticate' => $_ ] } @challenges ], body => "body $status" };
    $backend->reply($path => $reply);
    $fcgi->reply("/f$path" => $reply);
    return;
}

subtest 'as it was sent' => sub {
    for my $row (@rows) {
        my ($sent, $due) = @$row;
        for my $status (401, 403) {
            script('/a', $status, @$sent);
            my $res = $http->get('/p/a', @good);
            is $res->status, $status, "$status @$sent: status";
            is_deeply [ $res->headers('WWW-Authenticate') ], $due, "$status @$sent";
            is $res->body, "body $status", "$status @$sent: the body";
            is $res->header('X-Own'), 'kept', "$status @$sent: other fields";
        }
    }
    is $backend->count, 2 * @rows, 'each was answered by the backend';
};

subtest 'without a challenge' => sub {
    for my $path ('/p/a', '/over/a', '/page/a', '/f/a') {
        script('/a', 401);
        my $res = $http->get($path, @good);
        is $res->status, 401, "$path: 401";
        is_deeply [ $res->headers('WWW-Authenticate') ], [$ours], "$path: gets ours";
        script('/a', 403);
        $res = $http->get($path, @good);
        is $res->status, 403, "$path: 403";
        is_deeply [ $res->headers('WWW-Authenticate') ], [], "$path: stays without";
    }
};

subtest 'other statuses are left alone' => sub {
    for my $status (200, 202, 302, 400, 404, 405, 407, 429, 500, 503) {
        script('/a', $status, 'Bearer scope="a"');
        is_deeply [ $http->get('/p/a', @good)->headers('WWW-Authenticate') ], ['Bearer scope="a"'], "$status with one";
        script('/a', $status);
        is_deeply [ $http->get('/p/a', @good)->headers('WWW-Authenticate') ], [], "$status without";
    }
    script('/a', 401);
    is_deeply [ $http->get('/open/a')->headers('WWW-Authenticate') ], [], 'nor a 401 of what we do not protect';
};

subtest 'ProxyErrorOverride On' => sub {
    for my $row (@rows[ 3, 4, 8, 9, 10 ]) {
        my ($sent, $due) = @$row;
        for my $path ('/over/a', '/page/a') {
            for my $status (401, 403) {
                script('/a', $status, @$sent);
                my $res = $http->get($path, @good);
                is $res->status, $status, "$path $status @$sent: status";
                is_deeply [ $res->headers('WWW-Authenticate') ], $due, "$path $status @$sent";
                isnt $res->body, "body $status", "$path $status @$sent: the body is httpd's";
            }
        }
    }
    script('/a', 401, 'Bearer scope="a"');
    is $http->get('/page/a', @good)->body, 'a page of ours', 'an error document';
};

subtest 'over FastCGI, from a program' => sub {
    for my $status (401, 403) {
        script('/a', $status, 'Bearer error="insufficient_scope", scope="a"');
        my $res = $http->get('/f/a', @good);
        is $res->status, $status, "fcgi: $status";
        is_deeply [ $res->headers('WWW-Authenticate') ], [qq{Bearer error="insufficient_scope", scope="a", $add}], "fcgi: $status: completed";
        $res = $http->get("/cgi/$status.cgi", @good);
        is $res->status, $status, "CGI: $status";
        is_deeply [ map { $_->{param}{scope} } challenges($res->headers('WWW-Authenticate')) ], ['own'], "CGI: $status: one challenge, its own";
        like $res->header('WWW-Authenticate') // '', qr/\Q$add\E\z/, "CGI: $status: completed";
    }
};

subtest 'streams' => sub {
    for my $method (qw(GET POST)) {
        my $start  = time;
        my $stream = $http->open($method => '/p/sse', [ @good, Accept => 'text/event-stream', 'Mcp-Session-Id' => 's-0' ], $method eq 'POST' ? '{}' : undef);
        is $stream->response->status, 200, "$method: the head";
        is $stream->response->header('Mcp-Session-Id'), 's-1', "$method: the session comes back";
        ok $stream->read_until(qr/one/, 5), "$method: the first event";
        cmp_ok time - $start, '<', 0.9, "$method: while the stream is open";
        ok $stream->read_until(qr/two/, 5), "$method: the second";
        cmp_ok time - $start, '<', 1.9, "$method: before the third";
        is_deeply [ $backend->seen('Mcp-Session-Id') ], ['s-0'], "$method: the session went there";
        is_deeply [ $backend->seen('Authorization') ], [], "$method: the token did not";
    }
};

done_testing;
