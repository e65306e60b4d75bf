#!/usr/bin/perl
# H-08, H-09, H-10, H-11, H-12, H-42, J-13, W-01, W-17. What reaches a backend, over every way to one: the verified identity, never the token, never a forged field. And what
# comes back from it: its own challenge, completed only.

use v5.36;
use utf8;
use Test::More;
use Encode 'encode_utf8';
use MCPTest::Backend;
use MCPTest::Challenge 'bearer';
use MCPTest::HTTP;
use MCPTest::Httpd;
use MCPTest::JWT;
use MCPTest::Key;

binmode Test::More->builder->$_, ':utf8' for qw(output failure_output);
my %backend = map { $_ => MCPTest::Backend->start(proto => $_) } qw(http fcgi scgi uwsgi);
my $key     = MCPTest::Key->get('P-256');
my $env     = "#!/bin/sh\necho Content-Type: text/plain\necho\nenv\n";
my $httpd   = MCPTest::Httpd->start(
    vars    => { map { uc $_ => $backend{$_}->url } keys %backend },
    modules => [qw(proxy_fcgi proxy_scgi proxy_uwsgi actions)],
    files   => {
        'conf/keys.json'          => MCPTest::Key::jwks($key),
        'htdocs/cgi/env.cgi'      => $env,
        'htdocs/cgi/pass/env.cgi' => $env,
        'htdocs/rewrite/env.cgi'  => $env,
        'htdocs/rewrite/.htaccess' => "RewriteEngine On\nRewriteRule .* - [E=HTTP_AUTHORIZATION:%{HTTP:Authorization}]\n",
    },
    conf => <<'END');
<MCPIssuer "https://auth.example.com">
    MCPKeys file:@ROOT@/conf/keys.json
</MCPIssuer>
SetEnvIf Authorization "(.*)" HTTP_AUTHORIZATION=$1
SetEnvIf Authorization " (.*)" TOKEN=$1
RewriteEngine On
RewriteRule .* - [E=REMOTE_USER:%{HTTP:Authorization},E=OTHER:word]
<Location "/">
    AuthType MCP
    MCPResource http://127.0.0.1:@PORT@/
    Require valid-user
</Location>
<Location "/http">
    ProxyPass @HTTP@
</Location>
ProxyPass /fcgi @FCGI@/
ProxyPass /scgi @SCGI@/
ProxyPass /uwsgi @UWSGI@/
<Directory "@ROOT@/htdocs">
    Options +ExecCGI
    AllowOverride All
</Directory>
<Location "/http/extra">
    MCPForwardClaim email X-User-Email
    MCPForwardClaim groups X-Groups
    MCPForwardClaim org.unit X-Unit
</Location>
<Location "/http/open">
    AuthType None
    Require all granted
</Location>
<Location "/http/expr">
    RequestHeader set X-Unit "expr=%{mcp_claim:unit}"
    Header set X-Unit "expr=%{mcp_claim:unit}"
</Location>
<Location "/http/copied">
    RequestHeader set X-Copy "%{HTTP_AUTHORIZATION}e"
    RequestHeader set X-Copy2 "expr=%{HTTP:Authorization}"
</Location>
END

my $http = MCPTest::HTTP->new($httpd->url);
my $jwt  = MCPTest::JWT->new(key => $key, iss => 'https://auth.example.com', aud => $httpd->url('/'), scope => 'a b', sub => 'alice');
my $plain = $backend{http};
my %owned = ('X-MCP-Subject' => 'alice', 'X-MCP-Scope' => 'a b', 'X-MCP-Client-ID' => 'test-client', 'X-MCP-Issuer' => 'https://auth.example.com');

sub good (%claims) { return (Authorization => 'Bearer ' . $jwt->mint(%claims)) }

# All request fields that a backend which folds names would take for $name.
sub folded ($name) {
    my $fold = sub ($text) { lc($text) =~ s/[^a-z0-9]/_/gr };
    return map { $_->[1] } grep { $fold->($_->[0]) eq $fold->($name) } @{ $plain->last_request->{headers} };
}

subtest 'identity over HTTP, and forgeries' => sub {
    my @forged = map { ($_ => 'root') } map { ($_, lc, uc, tr/-/_/r, tr/-/./r, s/-/_/r) } sort keys %owned;
    for my $connection (undef, 'X-MCP-Subject', 'close, x-mcp-subject, X_MCP_Scope', 'X-MCP-Issuer, X-Other, Authorization') {
        my @fields = (good(), @forged, $connection ? (Connection => $connection) : ());
        is $http->get('/http/x', @fields)->status, 200, 'accepted, Connection: ' . ($connection // 'none');
        is_deeply [ folded($_) ], [ $owned{$_} ], "$_ is ours alone" for sort keys %owned;
        is_deeply [ folded('Authorization') ], [], 'no token';
    }
    $http->get('/http/open', @forged, Authorization => 'Basic YTpi');
    is_deeply [ map { folded($_) } sort keys %owned ], [], 'nothing forged on a path without protection';
    is_deeply [ folded('Authorization') ], ['Basic YTpi'], 'which keeps its own credentials';
    $http->get('/http/open', map { ($_ => 'root') } 'X-User-Email', 'x_user_email', 'X-Unit');
    is_deeply [ map { folded($_) } qw(X-User-Email X-Unit) ], [], 'configured names are owned in the whole server';
    $http->get('/http/x', good(without => ['client_id']), 'X-MCP-Client-ID' => 'root');
    is_deeply [ folded('X-MCP-Client-ID') ], [], 'nor when the claim is absent';
};

subtest 'values' => sub {
    my $subject = sub ($sub) { $http->get('/http/x', good(sub => $sub)); return [ $plain->seen('X-MCP-Subject') ] };
    is_deeply $subject->("a\r\nX-Evil: 1"), [], 'a line end is left out';
    is_deeply [ $plain->seen('X-Evil') ], [], 'and adds no field';
    is_deeply $subject->("a\x{7}b"), [], 'a control byte';
    is_deeply $subject->("a\x{7f}"), [], 'DEL';
    is_deeply $subject->('jos' . chr 0xe9), ['jos%C3%A9'], 'beyond ASCII';
    is_deeply $subject->('jos%C3%A9'), ['jos%25C3%25A9'], 'and what looks like that';
    is_deeply $subject->(' admin '), ['%20admin%20'], 'blanks at the ends';
    is_deeply $subject->('a b'), ['a b'], 'and within';
    is_deeply $subject->('x' x 5000), [], '5 KB';
    $http->get('/http/extra', good(email => 'a@b.example', groups => [ 'x', 'y z', 7 ], org => { unit => 'u' }));
    is_deeply [ map { $plain->seen($_) } qw(X-User-Email X-Groups X-Unit X-MCP-Subject) ], [ 'a@b.example', 'x y z 7', 'u' ], 'MCPForwardClaim';
    $http->get('/http/extra', good(email => { a => 1 }, groups => undef, 'org.unit' => "\x{1}"));
    is_deeply [ map { $plain->seen($_) } qw(X-User-Email X-Groups X-Unit) ], [], 'claims that are no text';
    is $http->get('/http/expr', good(unit => "a\r\nX-Evil: 1"))->header('X-Unit'), 'a  X-Evil: 1', 'W-01 an expression is one line as well: in an answer';
    is_deeply [ map { $plain->seen($_) } qw(X-Unit X-Evil) ], ['a  X-Evil: 1'], 'W-01 and at the backend';
    $http->get('/http/copied', good());
    unlike join(' ', map { @$_ } @{ $plain->last_request->{headers} }), qr/eyJ/, 'nobody can copy the token';
};

subtest "over $_" => sub {
    my $proto = $_;
    is $http->get("/$proto/x", good(), 'X_MCP_Subject' => 'root')->status, 200, 'accepted';
    my $seen = $backend{$proto}->last_request->{params};
    is $seen->{HTTP_X_MCP_SUBJECT}, 'alice', 'the identity';
    is $seen->{REMOTE_USER}, 'alice', 'REMOTE_USER';
    is $seen->{MCP_SCOPE}, 'a b', 'MCP_SCOPE';
    is_deeply [ grep { /eyJ/ } values %$seen ], [], 'the token is nowhere';
} for qw(fcgi scgi uwsgi);

subtest 'CGI' => sub {
    for my $path ('/cgi/env.cgi', '/cgi/pass/env.cgi', '/rewrite/env.cgi') {
        my $res = $http->get($path, good(), 'X_MCP_Subject' => 'root', 'X-MCP-Subject' => 'root');
        is $res->status, 200, "$path: accepted";
        my %env = map { /^(\w+)=(.*)/ ? ($1 => $2) : () } split /\n/, $res->body;
        is $env{MCP_SUBJECT}, 'alice', "$path: MCP_SUBJECT";
        is $env{HTTP_X_MCP_SUBJECT}, 'alice', "$path: the field";
        is $env{MCP_TOKEN_ID} =~ /^t-/ ? 1 : 0, 1, "$path: MCP_TOKEN_ID";
        is $env{MCP_DECISION}, 'granted', "$path: MCP_DECISION";
        is $env{AUTH_TYPE}, 'Bearer', "$path: AUTH_TYPE";
        unlike $res->body, qr/eyJ/, "W-17 $path: the token is nowhere";
        is $env{OTHER}, 'word', "W-17 $path: other variables are left alone";
    }
    my $res = $http->get('/cgi/env.cgi', good(sub => "a%\r\n" . chr 0xe9));
    like $res->body, qr/^REMOTE_USER=a%25%0D%0A\xc3\xa9$/m, 'REMOTE_USER, encoded so that two never look alike';
    unlike $res->body, qr/^MCP_SUBJECT=/m, 'MCP_SUBJECT is left out';
};

subtest 'what the backend answers' => sub {
    my $address = $httpd->url('/.well-known/oauth-protected-resource');
    my $add     = qq{resource_metadata="$address"};
    my @rows    = (
        [ 401, ['Bearer error="invalid_token", x="a, b"'], [qq{Bearer error="invalid_token", x="a, b", $add}] ],
        [ 401, ['Bearer resource_metadata="https://own.example/", scope="x"'], ['Bearer resource_metadata="https://own.example/", scope="x"'] ],
        [ 403, ['Bearer error="insufficient_scope", scope="x y"'], [qq{Bearer error="insufficient_scope", scope="x y", $add}] ],
        [ 403, [], [] ],
        [ 401, ['Basic realm="x"'], ['Basic realm="x"'] ],
        [ 401, [ 'Basic realm="x"', 'bearer' ], [ 'Basic realm="x"', "bearer $add" ] ],
        [ 401, ['Bearer a="\"", Negotiate YQ=='], [qq{Bearer a="\\"", $add, Negotiate YQ==}] ],
        [ 401, [ 'Bearer realm="a"', 'Bearer resource_metadata="https://own.example/"' ], [ 'Bearer realm="a"', 'Bearer resource_metadata="https://own.example/"' ] ],
        [ 401, ['not a challenge;'], ['not a challenge;'] ],
        [ 401, [], [qq{Bearer realm="127.0.0.1", $add}] ],
        ( map { [ $_, ['Bearer x="y"'], ['Bearer x="y"'] ] } 200, 404, 500 ),
    );
    for my $row (@rows) {
        my ($status, $sent, $got) = @$row;
        $plain->reply('/a' => { status => $status, headers => [ map { [ 'WWW-Authenticate' => $_ ] } @$sent ], body => 'text of the backend' });
        my $res = $http->get('/http/a', good());
        is $res->status, $status, "$status stays";
        is_deeply [ $res->headers('WWW-Authenticate') ], $got, "$status '@$sent'";
        is $res->body, 'text of the backend', 'and so does the body';
    }
    $plain->reply('/a' => { status => 202, headers => [ [ 'Mcp-Session-Id' => 's1' ] ], body => '' });
    my $res = $http->get('/http/a', good(), 'Last-Event-ID' => '7', 'Mcp-Session-Id' => 's0');
    is $res->status, 202, '202 passes';
    is $res->header('Mcp-Session-Id'), 's1', 'the session comes back';
    is_deeply [ $plain->seen('Mcp-Session-Id'), $plain->seen('Last-Event-ID') ], [ 's0', '7' ], 'and went there';
};

done_testing;
