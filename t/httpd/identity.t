#!/usr/bin/perl
# Who a backend is told is calling, when a client tries to have a say in it: every spelling of the fields, on every path of the
# server, through Connection, trailers and other modules. The plain cases are in backend.t.

use v5.36;
use utf8;
use Test::More;
use MCPTest::Backend;
use MCPTest::H2;
use MCPTest::HTTP;
use MCPTest::Httpd;
use MCPTest::JWT;
use MCPTest::Key;

binmode Test::More->builder->$_, ':utf8' for qw(output failure_output);
my %backend = map { $_ => MCPTest::Backend->start(proto => $_) } qw(http fcgi scgi uwsgi);
my $plain   = $backend{http};
my $key     = MCPTest::Key->get('P-256');
my $env     = "#!/bin/sh\necho Content-Type: text/plain\necho\nenv\n";
my $prefork = ($ENV{MPM} // '') eq 'prefork';
my $httpd   = MCPTest::Httpd->start(
    vars    => { map { uc $_ => $backend{$_}->url } keys %backend },
    modules => [ qw(proxy_fcgi proxy_scgi proxy_uwsgi lua), $prefork ? () : 'http2' ],
    files   => {
        'conf/keys.json'           => MCPTest::Key::jwks($key),
        'htdocs/cgi/env.cgi'       => $env,
        'conf/fields.lua'          => "function handle(r)\nr.usleep(500000)\nr:requestbody()\nfor _, name in ipairs({ 'X-MCP-Subject', 'X-MCP-Scope', 'X-Other' }) do r:puts(name, '=', r.headers_in[name] or '', '\\n') end\nreturn apache2.OK\nend\n",
        'htdocs/pass/env.cgi'      => $env,
        'htdocs/pass/.htaccess'    => "CGIPassAuth On\n",
        'htdocs/rewrite/env.cgi'   => $env,
        'htdocs/rewrite/.htaccess' => "RewriteEngine On\nRewriteRule .* - [E=HTTP_AUTHORIZATION:%{HTTP:Authorization}]\nRewriteRule .* - [E=REDIRECT_HTTP_AUTHORIZATION:%{HTTP:Authorization}]\n",
        'htdocs/open/error.cgi'    => $env,
    },
    conf => <<'END');
<MCPIssuer "https://auth.example.com">
    MCPKeys file:@ROOT@/conf/keys.json
</MCPIssuer>
MergeTrailers On
<IfModule http2_module>
    Protocols h2c http/1.1
</IfModule>
LuaMapHandler "^/lua/" "@ROOT@/conf/fields.lua" handle
SetEnvIf Authorization "(.+)" HTTP_AUTHORIZATION=$1 REDIRECT_HTTP_AUTHORIZATION=$1
RewriteEngine On
RewriteRule ^/cgi - [E=HTTP_AUTHORIZATION:%{HTTP:Authorization}]
ProxyPass /http @HTTP@
ProxyPass /open/http @HTTP@
ProxyPass /fcgi @FCGI@/
ProxyPass /scgi @SCGI@/
ProxyPass /uwsgi @UWSGI@/
<Location "/">
    AuthType MCP
    MCPResource http://127.0.0.1:@PORT@/
    Require valid-user
</Location>
<Location "/open">
    AuthType None
    Require all granted
</Location>
<Location "/http/byaddress">
    <RequireAny>
        Require ip 127.0.0.1
        Require mcp-scope never
    </RequireAny>
</Location>
<Location "/http/scope">
    Require mcp-scope never
    MCPErrorBody default
    ErrorDocument 403 /open/error.cgi
    ErrorDocument 401 /open/error.cgi
</Location>
<Location "/http/claims">
    MCPForwardClaim email X-User-Email
    MCPForwardClaim realm_access.roles X-Roles
    MCPForwardClaim number X-Number
    MCPForwardClaim sub X-Email-2
</Location>
<Location "/http/none">
    MCPForwardClaim none
</Location>
<Location "/http/token">
    MCPForwardToken On
</Location>
<Location "/http/token/inner">
    MCPForwardToken Off
</Location>
END

my $http  = MCPTest::HTTP->new($httpd->url);
my $jwt   = MCPTest::JWT->new(key => $key, iss => 'https://auth.example.com', aud => $httpd->url('/'), scope => 'a b', sub => 'alice');
my %owned = ('X-MCP-Subject' => 'alice', 'X-MCP-Scope' => 'a b', 'X-MCP-Client-ID' => 'test-client', 'X-MCP-Issuer' => 'https://auth.example.com');

sub good (%claims) { return (Authorization => 'Bearer ' . $jwt->mint(%claims)) }
sub fold ($name) { return lc($name) =~ s/[^a-z0-9]/_/gr }

# Every field of the last request that a backend could take for one of the owned names, or for credentials: name => values.
sub arrived (@names) {
    my %wanted = map { fold($_) => $_ } @names;
    my %got;
    for my $field (@{ $plain->last_request->{headers} }) {
        my $name = $wanted{ fold($field->[0]) };
        push @{ $got{$name} }, $field->[1] if $name;
    }
    return \%got;
}

sub environment ($res) { return { map { /^(\w+)=(.*)/ ? ($1 => $2) : () } split /\n/, $res->body } }

my @spellings = map { ($_, lc, uc, tr/-/_/r, tr/-/./r, s/-/_/r, tr/-/~/r, tr/-/!/r) } sort keys %owned;
my @forged    = map { ($_ => 'mallory') } @spellings, 'X-MCP-Subject', 'X-MCP-Subject';
my %ours      = map { $_ => [ $owned{$_} ] } keys %owned;
my @names     = sort keys %owned;

subtest 'forged on every path' => sub {
    # path, token, what arrives of the owned names
    my @rows = (
        [ '/http/x',         1, \%ours ],
        [ '/http/byaddress', 0, {} ],
        [ '/open/http/x',    0, {} ],
        [ '/open/http/x',    1, {} ],
        [ '/http/none',      1, {} ],
        [ '/http/claims',    1, {} ],
        [ '/http/token',     1, \%ours ],
    );
    for my $row (@rows) {
        my ($path, $with, $due) = @$row;
        $plain->clear;
        is $http->get($path, $with ? good() : (), @forged)->status, 200, "$path: accepted";
        is_deeply arrived(@names), $due, "$path: what is ours, and nothing of theirs" . ($with ? '' : ', no token');
        $plain->clear;
        is $http->post_json($path, {}, @forged, $with ? good() : ())->status, 200, "$path: POST, the other order";
        is_deeply arrived(@names), $due, "$path: the same";
    }
    my $env = environment($http->get('/http/scope', good(), @forged));
    is $env->{REDIRECT_STATUS}, 403, 'an error document that is a program';
    is_deeply [ grep { /^HTTP_X_MCP/ } sort keys %$env ], [], 'sees no forged field';
    is_deeply [ grep { $env->{$_} =~ /eyJ/ } sort keys %$env ], [], 'and no token that was good, only too weak';
    $env = environment($http->get('/http/scope', good(aud => 'https://elsewhere.example/'), @forged));
    is $env->{REDIRECT_STATUS}, 401, 'for a token of another resource';
    is_deeply [ grep { $env->{$_} =~ /eyJ/ } sort keys %$env ], [], 'sees no token either';
};

subtest 'Connection' => sub {
    for my $connection (
        'X-MCP-Subject', 'close,x-mcp-subject,X_MCP_Scope', 'X-Other;X-MCP-Subject', 'close; X-MCP-Issuer ; X-MCP-Scope', ',,X-MCP-Client-ID,,',
        "x\tX-MCP-Subject", 'X-MCP-Subject X-MCP-Scope', '"X-MCP-Subject"', 'keep-alive, X-MCP-SUBJECT',
    ) {
        is $http->get('/http/x', good(), @forged, Connection => $connection)->status, 200, "Connection: $connection: accepted";
        is_deeply arrived(@names), \%ours, "Connection: $connection: all of the identity";
    }
    $http->get('/http/x', good(), Connection => 'X-MCP-Subject', Connection => 'X-MCP-Scope');
    is_deeply arrived(@names), \%ours, 'two fields of that';
    $http->get('/http/claims', good(email => 'a@b.example'), Connection => 'x-user-email, X_User_Email');
    is_deeply arrived('X-User-Email'), { 'X-User-Email' => ['a@b.example'] }, 'a configured field';
    $http->get('/http/x', good(), 'X-Hop' => 'x', Connection => 'X-Hop, X-MCP-Subject');
    is_deeply arrived('X-Hop'), {}, 'what is not ours is still hop-by-hop';
    $http->get('/http/x', good(), Connection => 'Authorization');
    is_deeply arrived('Authorization'), {}, 'no token';
};

subtest 'trailers' => sub {
    for my $path ('/http/x', '/http/byaddress', '/fcgi/x') {
        my ($token) = (good())[1];
        my $res = $http->raw("POST $path HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: $token\r\nTransfer-Encoding: chunked\r\n\r\n"
            . "1\r\na\r\n0\r\nX-MCP-Subject: mallory\r\nX_MCP_Scope: mallory\r\nAuthorization: $token\r\n\r\n");
        is $res->status, 200, "$path: accepted";
        my $seen = $path =~ /fcgi/ ? join ' ', %{ $backend{fcgi}->last_request->{params} } : join ' ', map { @$_ } @{ $plain->last_request->{headers} }, @{ $plain->last_request->{trailers} // [] };
        unlike $seen, qr/mallory/, "$path: no identity";
        unlike $seen, qr/eyJ/, "$path: no token";
    }
};

# The handler reads the body, of which trailers are a part by then, and the fields after that.
subtest 'trailers of HTTP/2' => sub {
    plan skip_all => 'mod_http2 does not work with prefork' if $prefork;
    for my $length ([], [ 'content-length' => 2 ]) {
        my $h2 = MCPTest::H2->new($httpd->port);
        $h2->headers([ ':method' => 'POST', ':scheme' => 'http', ':authority' => 'x', ':path' => '/lua/x', authorization => (good(scope => undef))[1], @$length ]);
        $h2->data('{}')->headers([ 'x-mcp-scope' => 'mallory', 'x-mcp-subject' => 'mallory', 'x-other' => 'merged' ], end => 1);
        my $fields = $h2->body;
        like $fields, qr/^X-MCP-Subject=alice$/m, "an identity, @$length";
        like $fields, qr/^X-Other=merged$/m, 'with a trailer' if @$length;
        unlike $fields, qr/mallory/, 'which is none of the identity';
    }
};

subtest 'values, in fields and in variables' => sub {
    # claim, value, the header field, MCP_..., REMOTE_USER; undef: absent
    my @rows = (
        [ sub => 'a%0d%0aX: 1',   'a%250d%250aX: 1', 'a%0d%0aX: 1',       'a%250d%250aX: 1' ],
        [ sub => "a\r\nX-Evil: 1", undef,            undef,               'a%0D%0AX-Evil: 1' ],
        [ sub => "a\nX-Evil: 1",  undef,             undef,               'a%0AX-Evil: 1' ],
        [ sub => "a\x{1}",        undef,             undef,               'a%01' ],
        [ sub => "a\x{7f}",       undef,             undef,               'a%7F' ],
        [ sub => "a\tb",          undef,             undef,               'a%09b' ],
        [ sub => ' root',         '%20root',         ' root',             ' root' ],
        [ sub => "\x{65e5}",      '%E6%97%A5',       "\xe6\x97\xa5",      "\xe6\x97\xa5" ],
        [ sub => "\x{1f600}",     '%F0%9F%98%80',    "\xf0\x9f\x98\x80",  "\xf0\x9f\x98\x80" ],
        [ sub => 'a,b;c="d"',     'a,b;c="d"',       'a,b;c="d"',         'a,b;c="d"' ],
        [ sub => 'x' x 4096,      'x' x 4096,        'x' x 4096,          'x' x 4096 ],
        [ sub => 'x' x 5000,      undef,             undef,               'x' x 5000 ],
        [ client_id => "c\n",     undef,             undef ],
    );
    for my $row (@rows) {
        my ($claim, $value, $field, $variable, $user) = @$row;
        my $what = length $value > 99 ? length($value) . ' bytes' : $value =~ s/([^ -~])/sprintf '\\x{%x}', ord $1/ger;
        my ($name, $mcp) = $claim eq 'sub' ? qw(X-MCP-Subject MCP_SUBJECT) : qw(X-MCP-Client-ID MCP_CLIENT_ID);
        $plain->clear;
        my $res = $http->get('/http/x', good($claim => $value), @forged);
        is $res->status, 200, "$claim $what: accepted";
        is_deeply arrived($name), { $field // () ? ($name => [$field]) : () }, "$claim $what: the field";
        is_deeply arrived('X-Evil', 'X'), {}, "$claim $what: no other field";
        my $env = environment($http->get('/cgi/env.cgi', good($claim => $value), @forged));
        is $env->{$mcp}, $variable, "$claim $what: $mcp";
        is $env->{REMOTE_USER}, $user, "$claim $what: REMOTE_USER" if defined $user;
    }
    is $http->get('/http/x', good($_ => "a\x{0}b"))->status, 401, "a zero byte in $_: refused altogether" for qw(sub client_id);
};

subtest 'claims that are no name, and names that are no claim' => sub {
    # sub, client_id; REMOTE_USER, undef: refused (D-26)
    for my $row ([ undef, 'c', 'c' ], [ '', 'c', 'c' ], [ 7, 'c', 'c' ], [ { a => 1 }, 'c', 'c' ], [ ['x'], 'c', 'c' ], [ undef, '', undef ], [ {}, 7, undef ]) {
        my ($sub, $client, $user) = @$row;
        my $name = "sub " . (ref $sub || $sub // 'null') . ", client_id '$client'";
        my $res  = $http->get('/cgi/env.cgi', good(sub => $sub, client_id => $client), @forged);
        is $res->status, $user ? 200 : 401, "$name: status";
        is environment($res)->{REMOTE_USER}, $user, "$name: REMOTE_USER";
        is environment($res)->{HTTP_X_MCP_SUBJECT}, undef, "$name: no X-MCP-Subject";
    }
    # claims named as fields are (D-28)
    my %odd = map { $_ => 'mallory' } "x\r\nX-Injected", 'Authorization', 'Host', 'Transfer-Encoding', 'X-MCP-Subject', 'X-MCP-Issuer', 'a:b';
    is $http->get('/http/x', good(%odd))->status, 200, 'odd names of claims: accepted';
    is_deeply arrived(@names), \%ours, 'odd names of claims: the identity';
    is_deeply [ grep { $_->[1] =~ /mallory/ || $_->[0] =~ /injected|transfer-encoding/i } @{ $plain->last_request->{headers} } ], [], 'odd names of claims: nothing of them';
};

subtest 'MCPForwardClaim and MCPForwardToken' => sub {
    $http->get('/http/claims', good(email => 'a@b.example', realm_access => { roles => [ 'x', 'y' ] }, number => 7), map { ($_ => 'mallory') } 'X-Roles', 'x.number', 'X-EMAIL-2');
    is_deeply arrived('X-User-Email', 'X-Roles', 'X-Number', 'X-Email-2', @names),
        { 'X-User-Email' => ['a@b.example'], 'X-Roles' => ['x y'], 'X-Number' => [7], 'X-Email-2' => ['alice'] }, 'the fields that are configured, and no others';
    $http->get('/open/http/x', map { ($_ => 'mallory') } 'X_Roles', 'X-Roles', 'x-email-2', 'X-Number');
    is_deeply arrived('X-Roles', 'X-Email-2', 'X-Number'), {}, 'forged where nothing is protected';
    my @token = good();
    $http->get('/http/token', @token, 'Proxy-Authorization' => 'Basic YTpi');
    is_deeply arrived('Authorization'), { Authorization => [ $token[1] ] }, 'MCPForwardToken On';
    for my $path ('/http/token/inner', '/http/x', '/http/byaddress') {
        $http->get($path, @token);
        is_deeply arrived('Authorization'), {}, "$path: no token";
    }
};

subtest 'programs' => sub {
    for my $path ('/cgi/env.cgi', '/pass/env.cgi', '/rewrite/env.cgi') {
        my $res = $http->get($path, good(), @forged);
        my $env = environment($res);
        is $env->{MCP_SUBJECT}, 'alice', "$path: MCP_SUBJECT";
        is_deeply [ map { $env->{$_} } sort grep { /^HTTP_X_MCP/ } keys %$env ], [ map { $owned{$_} } sort @names ], "$path: the fields";
        is_deeply [ grep { $env->{$_} =~ /eyJ|mallory/ } sort keys %$env ], [], "$path: no token, nothing forged";
    }
    for my $proto (qw(fcgi scgi uwsgi)) {
        for my $case ([ 'good', good() ], [ 'forged without a claim', good(without => ['client_id']) ]) {
            my ($name, @auth) = @$case;
            is $http->post_json("/$proto/x", { id => 1 }, @auth, @forged)->status, 200, "$proto, $name: accepted";
            my $seen = $backend{$proto}->last_request->{params};
            is $seen->{HTTP_X_MCP_SUBJECT}, 'alice', "$proto, $name: the subject";
            is $seen->{HTTP_X_MCP_CLIENT_ID}, $name eq 'good' ? 'test-client' : undef, "$proto, $name: the client";
            is_deeply [ grep { $seen->{$_} =~ /eyJ|mallory/ } sort keys %$seen ], [], "$proto, $name: no token, nothing forged";
        }
    }
};

done_testing;
