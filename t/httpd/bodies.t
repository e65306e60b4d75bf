#!/usr/bin/perl
# I-01, I-23, I-25, I-33, I-36, I-37. The body under operation rules on every road: HTTP/2, programs, internal redirects, filters, clients that stop; and
# that no road leads around the rules.

use v5.36;
use Test::More;
use Digest::SHA 'sha256_hex';
use File::Temp ();
use IO::Socket::INET;
use MCPTest::Backend;
use MCPTest::Curl 'curl';
use MCPTest::HTTP;
use MCPTest::Httpd;
use MCPTest::JWT;
use MCPTest::Key;
use MCPTest::Util qw(json_data json_text slurp wait_until);

my $backend = MCPTest::Backend->start;
my $fcgi    = MCPTest::Backend->start(proto => 'fcgi');
my $key     = MCPTest::Key->get('P-256');
my $prefork = ($ENV{MPM} // '') eq 'prefork';
my $rules   = "MCPOperation tools/call secret denied\nMCPOperation tools/call delete_* files:delete\n";
my $protect = "AuthType MCP\nMCPResource http://127.0.0.1:\@PORT@/\nRequire valid-user\n";
my $sum     = "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\nsha256sum\n";
my $env     = "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\ncat >/dev/null\nenv\n";
my $go      = "#!/bin/sh\ncat >/dev/null\nprintf 'Location: %s\\n\\n' \"\$QUERY_STRING\"\n";
my $httpd   = MCPTest::Httpd->start(
    vars    => { BACKEND => $backend->url, FCGI => $fcgi->url },
    modules => [ qw(actions proxy_fcgi reqtimeout ext_filter include request negotiation), $prefork ? () : 'http2' ],
    access_format => '%U %>s %{MCP_METHOD}e %{MCP_NAME}e %{MCP_REASON}e',
    files   => {
        'conf/keys.json'        => MCPTest::Key::jwks($key),
        'htdocs/sum.cgi'        => $sum,
        'htdocs/dir/.htaccess'  => "${protect}${rules}DirectoryIndex missing.html sum.cgi",
        'htdocs/dir/sum.cgi'    => $sum,
        'htdocs/dir/go.cgi'     => $go,
        'htdocs/lazy/.htaccess' => "${protect}MCPOperation ping * anonymous\nErrorDocument 404 /lazy/page.html",
        'htdocs/lazy/go.cgi'    => $go,
        'htdocs/lazy/sum.cgi'   => $sum,
        'htdocs/lazy/page.html' => 'a page',
        'htdocs/file/sum.cgi'   => $sum,
        'htdocs/env/.htaccess'  => "${protect}${rules}",
        'htdocs/env/env.cgi'    => $env,
        'htdocs/rewrite/x'      => '',
        'htdocs/rewrite/.htaccess' => "${protect}${rules}RewriteEngine On\nRewriteRule ^cgi\$ /sum.cgi [L]\nRewriteRule ^twice\$ /dir/sum.cgi [L]\nRewriteRule ^out\$ \@BACKEND@/out [P]",
        'htdocs/open/.htaccess' => "RewriteEngine On\nRewriteRule ^into\$ /dir/sum.cgi [L]",
        'htdocs/neg/.htaccess'  => "Options +MultiViews\nMultiviewsMatch Any\n<Files \"env.cgi\">\n${protect}${rules}</Files>",
        'htdocs/neg/env.cgi'    => $env,
        'htdocs/page/x.shtml'   => '<!--#include virtual="/proxy/part" --> <!--#include virtual="/dir/sum.cgi" --> <!--#include virtual="/plain/part" -->',
        'htdocs/wrapped/x.wrap' => 'x',
        'htdocs/wrapped/.htaccess' => "${protect}${rules}AddHandler wrap .wrap\nAction wrap /sum.cgi",
    },
    conf => <<"END");
<IfModule http2_module>
    Protocols h2c http/1.1
</IfModule>
<MCPIssuer "https://auth.example.com">
    MCPKeys file:\@ROOT@/conf/keys.json
</MCPIssuer>
RequestReadTimeout header=5 body=1
MergeTrailers On
ExtFilterDefine upper mode=input cmd="/usr/bin/tr a-z A-Z"
<Directory "\@ROOT@/htdocs">
    Options +ExecCGI +FollowSymLinks
    AllowOverride All
    AddHandler cgi-script .cgi
</Directory>
<Directory "\@ROOT@/htdocs/page">
    Options +Includes
    AddOutputFilter INCLUDES .shtml
    KeptBodySize 32768
</Directory>
<Directory "\@ROOT@/htdocs/file">
    DirectoryIndex sum.cgi
    <Files "sum.cgi">
        $protect
        $rules
    </Files>
</Directory>
<Location "/proxy">
    $protect
    $rules
    ProxyPass \@BACKEND@/proxy
</Location>
<Location "/expr">
    $protect
    $rules
    RequestHeader set X-Operation "expr=%{MCP_METHOD} %{MCP_NAME}"
    ProxyPass \@BACKEND@/expr
</Location>
<Location "/fcgi">
    $protect
    $rules
    ProxyPass \@FCGI@/
</Location>
<Location "/filtered">
    $protect
    $rules
    SetInputFilter upper
    ProxyPass \@BACKEND@/filtered
</Location>
<Location "/dir/sum.cgi/limited">
    LimitRequestBody 300
</Location>
<Location "/satisfy">
    $protect
    $rules
    Satisfy Any
    Order deny,allow
    Allow from all
    ProxyPass \@BACKEND@/satisfy
</Location>
<Location "/document">
    $protect
    $rules
    MCPErrorBody default
    ErrorDocument 403 /sum.cgi
    ProxyPass \@BACKEND@/document
</Location>
ProxyPass /plain \@BACKEND@/plain
ProxyPass /socket \@BACKEND@/socket upgrade=websocket
<Location "/socket">
    $protect
</Location>
<Location "/socket/ruled">
    $rules
</Location>
END

my $http  = MCPTest::HTTP->new($httpd->url);
my $jwt   = MCPTest::JWT->new(key => $key, iss => 'https://auth.example.com', aud => $httpd->url('/'));
my $token = 'Bearer ' . $jwt->mint;
my @auth  = (Authorization => $token, 'Content-Type' => 'application/json');

sub call ($name, $bytes = 0) { return json_text({ jsonrpc => '2.0', id => 3, method => 'tools/call', params => { name => $name, arguments => { x => 'y' x $bytes } } }) }

# The sum of the body that reached the end of a road: a program's answer has it, a backend remembers it.
sub arrived ($res, $at = undef) { return $at ? $at->last_request->{sha256} : $res->body =~ /^(\w{64}) / ? $1 : $res->body }

for my $road (
    [ '/proxy',         $backend ],
    [ '/fcgi/x',        $fcgi ],
    [ '/filtered',      $backend ],
    [ '/rewrite/out',   $backend ],
    [ '/dir/sum.cgi' ],
    [ '/dir/' ],
    [ '/file/' ],
    [ '/file/sum.cgi' ],
    [ '/rewrite/cgi' ],
    [ '/rewrite/twice' ],
    [ '/open/into' ],
    [ '/wrapped/x.wrap' ],
) {
    my ($path, $at) = @$road;
    for my $bytes (0, 8192, 70_000) {
        for my $chunked (0, 1) {
            my $text = call('free', $bytes);
            my $res  = $http->request(POST => $path, \@auth, $chunked ? undef : $text, $chunked ? (chunked => [ $text =~ /(.{1,5000})/gs ]) : ());
            is $res->status, 200, "I-36 $path: $bytes bytes" . ($chunked ? ', chunked' : '') or diag $res->summary;
            is arrived($res, $at), sha256_hex($text), 'all of them';
        }
    }
    $at->clear if $at;
    for my $name (qw(secret delete_x)) {
        my $res = $http->request(POST => $path, \@auth, call($name));
        is $res->status, 403, "I-37 $path: no way around the rules for $name";
        is $res->header('WWW-Authenticate') ? 1 : 0, $name eq 'secret' ? 0 : 1, 'challenge';
        is json_data($res->body)->{id}, 3, 'id';
    }
    is $http->request(POST => $path, \@auth, '{')->status, 400, "$path: malformed";
    is $http->request(POST => $path, [ 'Content-Type' => 'application/json' ], call('free'))->status, 401, "$path: no token";
    is $at->count, 0, 'nothing of this has reached the backend' if $at;
}

# I-23: trailers come behind what was judged, and MergeTrailers does not get them in front of it.
sub with_trailer ($path, $trailer, $text = call('free')) {
    $backend->clear;
    return $http->raw("POST $path HTTP/1.1\r\nHost: x\r\nAuthorization: $token\r\nContent-Type: application/json\r\nMcp-Name: free\r\nTransfer-Encoding: chunked\r\n\r\n"
        . sprintf("%x\r\n%s\r\n0\r\n%s\r\n\r\n", length $text, $text, $trailer), method => 'POST');
}
for my $trailer ('Mcp-Name: evil', 'Mcp_Name: evil', 'Content-Type: text/evil', 'Content-Encoding: evil', 'Content-Length: 10', 'Connection: Content-Type', "Connection: Upgrade\r\nUpgrade: websocket") {
    is with_trailer('/socket/ruled', $trailer)->status, 200, "I-23 a trailer $trailer";
    my $fields = join "\n", map { "$_->[0]: $_->[1]" } @{ $backend->last_request->{headers} };
    unlike $fields, qr/evil|^Upgrade/m, 'I-23 is no field of the head';
    like $fields, qr/^Content-Type: application\/json$/m, 'I-23 and takes none away';
    is $backend->last_request->{sha256}, sha256_hex(call('free')), 'I-23 nor of the body';
    my $variables = with_trailer('/env/env.cgi', $trailer)->body;
    like $variables, qr/^HTTP_MCP_NAME=free$/m, 'I-23 a program has its variables';
    unlike $variables, qr/evil|=10$|websocket/m, 'I-23 and no other ones';
}

# What a program redirects is a GET, and the body is no part of it: neither is it another time one, nor does its length count.
for my $chunked (0, 1) {
    my $post = sub ($where) { $http->request(POST => "/dir/go.cgi?$where", \@auth, $chunked ? undef : call('free'), $chunked ? (chunked => [ call('free') ]) : ()) };
    my $res = $post->('/dir/sum.cgi');
    is $res->status . arrived($res), 200 . sha256_hex(''), 'I-37 redirected by a program to a program' . ($chunked ? ', chunked' : '');
    $backend->clear;
    is $post->('/proxy')->status, 200, 'to a backend';
    is join(' ', @{ $backend->last_request }{qw(method body_length)}), 'GET 0', 'which gets no body';
}

# Who got in by an operation for everybody has got in for that alone.
my $ping = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
for my $row ([ '', 200 ], [ '?/lazy/page.html', 401 ], [ '?/lazy/go.cgi', 401 ], [ '?/plain', 200 ], [ '?/lazy/missing', 401 ]) {
    my ($where, $want) = @$row;
    is $http->request(POST => ($where ? '/lazy/go.cgi' : '/lazy/sum.cgi') . $where, [ 'Content-Type' => 'application/json' ], $ping)->status, $want, "anonymous, redirected by a program: '$where'";
}
is $http->request(POST => '/lazy/go.cgi?/lazy/page.html', \@auth, $ping)->body, 'a page', 'and with a token';
is $http->request(POST => '/lazy/none.cgi', [ 'Content-Type' => 'application/json' ], $ping)->body, 'a page', 'an error document, without one';

# A file that mod_negotiation has chosen.
for my $scope ('', 'files:delete') {
    my @with = (Authorization => 'Bearer ' . $jwt->mint(scope => $scope), 'Content-Type' => 'application/json');
    my %got  = map { $_ => $http->request(POST => '/neg/env', \@with, call($_)) } qw(free secret delete_x);
    is join(' ', map { $got{$_}->status } qw(free secret delete_x)), $scope ? '200 403 200' : '200 403 403', "I-37 rules for what was negotiated, with scope '$scope'";
    like $got{free}->body, qr/^HTTP_X_MCP_SUBJECT=/m, 'which knows who calls';
}
is $http->request(POST => '/neg/env', [ 'Content-Type' => 'application/json' ], call('free'))->status, 404, 'I-37 and is not there for strangers';

# What an expression of the same request sees.
$http->request(POST => '/expr', \@auth, call('free'));
is_deeply [ $backend->seen('X-Operation') ], ['tools/call free'], 'method and name in expressions';
$http->request(GET => '/expr', [ Authorization => $token ]);
is join('', $backend->seen('X-Operation')), '', 'and where there are none';

is $http->request(GET => '/proxy', \@auth, call('free'))->status, 400, 'I-33 GET with a body';

# HTTP/2.
SKIP: {
    skip 'mod_http2 does not work with prefork', 1 if $prefork;
    for my $bytes (0, 100_000, 900_000) {
        my $file = File::Temp->new;
        my $text = call('free', $bytes);
        print $file $text;
        $file->flush;
        my @args = ('--http2-prior-knowledge', '-H', "Authorization: $token", '-H', 'Content-Type: application/json', '--data-binary', '@' . $file->filename);
        my $res  = curl($httpd->url('/proxy'), @args);
        is $res->status, 200, "I-36 HTTP/2, $bytes bytes" or diag $res->summary;
        is $res->version, 'HTTP/2', 'it is';
        is $backend->last_request->{sha256}, sha256_hex($text), 'all of them';
        is curl($httpd->url('/proxy'), @args, '-H', 'Content-Length:')->status, 200, 'of no announced length';
        is $backend->last_request->{sha256}, sha256_hex($text), 'all of them';
    }
    is curl($httpd->url('/proxy'), '--http2-prior-knowledge', '-H', "Authorization: $token", '-H', 'Content-Type: application/json', '--data-binary', call('secret'))->status, 403, 'HTTP/2: rules';
    $backend->clear;
    curl($httpd->url('/proxy/get'), '--http2-prior-knowledge', '-X', 'GET', '-H', "Authorization: $token", '--data-binary', call('secret'));
    ok wait_until(5, sub { $httpd->access_log =~ m{^/proxy/get 400 - - body_unexpected$}m }), 'HTTP/2: GET with a body';
    is $backend->count, 0, 'does not arrive';
    is curl($httpd->url('/proxy'), '--http2-prior-knowledge', '-H', "Authorization: $token")->status, 200, 'HTTP/2: GET without one';
}

# An answer that comes bit by bit, and a way out of HTTP.
$backend->reply('/proxy/stream', { headers => [ [ 'Content-Type' => 'text/event-stream' ] ], sse => [qw(one two)], sse_delay => 1.5 });
my $stream = $http->open(POST => '/proxy/stream', \@auth, call('free'));
is $stream->response->status, 200, 'a stream';
ok $stream->read_until(qr/one/), 'its first event';
unlike $stream->{seen}, qr/two/, 'before the second';
ok $stream->read_until(qr/two/), 'which comes as well';
my @upgrade = (Authorization => $token, Connection => 'Upgrade', Upgrade => 'websocket', 'Sec-WebSocket-Version' => 13, 'Sec-WebSocket-Key' => 'AAAAAAAAAAAAAAAAAAAAAA==');
$http->request(GET => '/socket/open', \@upgrade);
is join('', $backend->seen('Upgrade')), 'websocket', 'without rules mod_proxy passes an upgrade on';
$http->request(GET => '/socket/ruled', \@upgrade);
is $backend->last_request->{path}, '/socket/ruled', 'with rules the request arrives';
is join('', $backend->seen('Upgrade')), '', 'and not the upgrade';

# I-37: parts of a page that hands its body on to them (KeptBodySize).
for my $method (qw(POST GET)) {
    $backend->clear;
    my $res = $http->request($method => '/page/x.shtml', \@auth, call('secret'));
    is_deeply [ map { "$_->{method} $_->{path} $_->{body_length}" } $backend->requests ], [ "$method /plain/part " . length call('secret') ], "I-37 $method: none for parts with rules";
    unlike $res->body, qr/[0-9a-f]{64}  -/, 'nor for programs';
}
$backend->clear;
$http->get('/page/x.shtml', @auth);
is $backend->count, 2, 'I-37 a page without a body has all of its parts';

# Others' doors.
is $http->request(POST => '/satisfy', [ 'Content-Type' => 'application/json' ], call('free'))->status,     200, 'Satisfy Any lets everybody in';
is $http->request(POST => '/satisfy', [ 'Content-Type' => 'application/json' ], call('delete_x'))->status, 401, 'but not to what needs a scope';
is $http->request(POST => '/satisfy', [ 'Content-Type' => 'application/json' ], call('secret'))->status,   403, 'nor to what is denied';
my $res = $http->request(POST => '/document', \@auth, call('secret'));
is $res->status, 403, 'an error document of httpd';
like $res->body, qr/^[0-9a-f]{64} /, 'which runs';

# Bodies that do not come to an end.
$res = $http->request(POST => '/dir/sum.cgi/limited', \@auth, call('free', 500));
is $res->status, 413, 'LimitRequestBody counts as well';
is json_data($res->body)->{error}{code}, -32000, 'as a JSON-RPC error';
my $head = "HTTP/1.1\r\nHost: x\r\nAuthorization: $token\r\nContent-Type: application/json\r\n";
my ($first, $second) = $http->raw("POST /dir/sum.cgi/limited ${head}Transfer-Encoding: chunked\r\n\r\n400\r\n" . call('free', 1000), method => 'POST', count => 2, half_close => 1);
is $first->status,  413, 'for chunks httpd answers itself';
is $second->status, 0,   'and only once';
my $text = call('free');
$head = "POST /proxy $head";
$backend->clear;
$res = $http->raw($head . 'Content-Length: ' . (length($text) + 10) . "\r\n\r\n$text", half_close => 1, method => 'POST');
is $res->status, 400, 'I-25 cut short' or diag $res->summary;
is json_data($res->body)->{error}{code}, -32700, 'I-25 as a JSON-RPC error';
$res = $http->raw($head . 'Content-Length: ' . (length($text) + 10) . "\r\n\r\n$text", method => 'POST');
is $res->status, 408, 'I-25 a client that stops' or diag $res->summary;
$res = $http->raw($head . "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"jso\r\nzz\r\n", method => 'POST', half_close => 1);
is $res->status, 400, 'I-25 broken chunks' or diag $res->summary;
is $backend->count, 0, 'I-25 the backend knows nothing of them';
ok wait_until(5, sub { ($httpd->access_log =~ /^\S+ 408 - - body_timeout$/m) && ($httpd->access_log =~ /^\S+ 400 - - body_cut$/m) }), 'I-25 and the log says so';

# I-01: a stranger's body is not waited for, nor asked for.
$res = $http->raw("POST /proxy HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: 100000000\r\n\r\n", method => 'POST');
is $res->status, 401, 'I-01 401 before one byte of a body';
is scalar @{ $res->{interim} // [] }, 0, 'I-01 without 100 Continue';
$res = $http->raw($head =~ s/Bearer \S+/Bearer x.y.z/r . "Expect: 100-continue\r\nContent-Length: 1000\r\n\r\n", method => 'POST');
is $res->status, 401, 'I-01 the same with a bad token';

# A connection goes on behind a refusal.
my $keep = MCPTest::HTTP->new($httpd->url);
is $keep->request(POST => '/proxy', \@auth, call($_), keep => 1)->status, $_ eq 'free' ? 200 : 403, "kept connection: $_" for qw(free secret free delete_x free);

# The log has the reason of each refusal.
my %reason = map { $_ => 1 } $httpd->access_log =~ / (\w+)$/mg;
is_deeply [ grep { !$reason{$_} } qw(ok operation_denied insufficient_scope body_malformed body_too_large body_timeout body_cut) ], [], 'reasons';

done_testing;
