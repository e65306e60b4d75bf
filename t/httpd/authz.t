#!/usr/bin/perl
# H-01, H-02, H-03, H-04, H-05, H-06. Require trees: who gets in, what a refusal names, and what is left over on an answer that was let through.

use v5.36;
use Test::More;
use MCPTest::Backend;
use MCPTest::Challenge 'bearer';
use MCPTest::HTTP;
use MCPTest::Httpd;
use MCPTest::JWT;
use MCPTest::Key;

my $backend = MCPTest::Backend->start;
my $key     = MCPTest::Key->get('P-256');

# path => Require lines
my %tree = (
    all        => "<RequireAll>\nRequire mcp-scope a\nRequire mcp-scope b c\n</RequireAll>",
    any        => "<RequireAny>\nRequire mcp-scope a b\nRequire mcp-scope c\n</RequireAny>",
    anyscope   => 'Require mcp-any-scope a b',
    role       => 'Require mcp-role x y',
    anyrole    => 'Require mcp-any-role x y',
    scoperole  => "<RequireAll>\nRequire mcp-scope a\nRequire mcp-role x\n</RequireAll>",
    claim      => 'Require mcp-claim department sales "customer care"',
    claimpath  => 'Require mcp-claim org.unit 7',
    valid      => 'Require valid-user',
    user       => "<RequireAll>\nRequire user bob\nRequire mcp-scope a\n</RequireAll>",
    userlast   => "<RequireAll>\nRequire mcp-scope a\nRequire user bob\n</RequireAll>",
    ip         => "<RequireAny>\nRequire ip 127.0.0.1\nRequire mcp-scope a\n</RequireAny>",
    badip      => "<RequireAll>\nRequire ip 192.0.2.1\nRequire mcp-scope a\n</RequireAll>",
    badipany   => "<RequireAny>\nRequire ip 192.0.2.1\nRequire mcp-scope a\n</RequireAny>",
    not        => "<RequireAll>\nRequire valid-user\nRequire not mcp-scope banned\n</RequireAll>",
    none       => "<RequireAll>\nRequire mcp-scope a\n<RequireNone>\nRequire mcp-scope banned\nRequire mcp-role guest\n</RequireNone>\n</RequireAll>",
    nested     => "<RequireAll>\nRequire mcp-scope a\n<RequireAny>\nRequire mcp-scope b\n<RequireAll>\nRequire mcp-scope c\nRequire mcp-role x\n</RequireAll>\n</RequireAny>\n</RequireAll>",
    implies    => "MCPScopeImplies all write\nMCPScopeImplies write read\nRequire mcp-scope read write",
    cycle      => "MCPScopeImplies p q\nMCPScopeImplies q r\nMCPScopeImplies r p\nRequire mcp-scope p q r",
    forbidden  => "AuthzSendForbiddenOnFailure On\nRequire mcp-scope a",
    expr       => q{Require expr "mcp_claim('department') == 'sales' && 'a' in mcp_scope('')"},
    exprany    => qq{<RequireAny>\nRequire expr "%{MCP_SCOPE} =~ /\\bz\\b/"\nRequire mcp-scope a\n</RequireAny>},
    exprnot    => q{Require expr "mcp_claim('banned') != 'yes'"},
    quoted     => qq{<RequireAll>\nRequire mcp-scope a\nRequire "not" mcp-scope banned\n</RequireAll>},
    granted    => 'Require all granted',
    denied     => 'Require all denied',
    empty      => '',
);
my $sections = join '', map { "<Location \"/$_\">\nAuthType MCP\nMCPResource http://127.0.0.1:\@PORT@/\n$tree{$_}\n</Location>\n" } sort keys %tree;

my $httpd = MCPTest::Httpd->start(
    vars  => { BACKEND => $backend->url },
    files => { 'conf/keys.json' => MCPTest::Key::jwks($key) },
    conf  => <<"END");
<MCPIssuer "https://auth.example.com">
    MCPKeys file:\@ROOT@/conf/keys.json
</MCPIssuer>
ProxyPass / \@BACKEND@/
$sections
<Location "/valid/and">
    AuthMerging And
    Require mcp-scope inner
</Location>
<Location "/valid/or">
    AuthMerging Or
    Require mcp-scope inner
</Location>
<Location "/valid/open">
    Require all granted
</Location>
<Location "/satisfy">
    AuthType MCP
    MCPResource http://127.0.0.1:\@PORT@/
    Satisfy Any
    Order deny,allow
    Deny from all
    Require mcp-scope a
</Location>
END

my $http = MCPTest::HTTP->new($httpd->url);
my $jwt  = MCPTest::JWT->new(key => $key, iss => 'https://auth.example.com', aud => $httpd->url('/'));

# path, claims (undef: no token), status, scope of the challenge ('-': no challenge, '': one without scope)
my @rows = (
    [ all => undef, 401, 'a b c' ],            [ all => { scope => 'a' }, 403, 'a b c' ],
    [ all => { scope => 'a b c d' }, 200 ],    [ all => { scope => 'b c' }, 403, 'a b c' ],
    [ all => { scope => 'A B C' }, 403, 'a b c' ], [ all => { scope => "a\tb c" }, 403, 'a b c' ],
    [ any => undef, 401, 'a b c' ],            [ any => { scope => 'c' }, 200 ],
    [ any => { scope => 'a' }, 403, 'a b c' ], [ any => { scope => 'b a' }, 200 ],
    [ anyscope => undef, 401, 'a b' ],         [ anyscope => { scope => 'b' }, 200 ],
    [ anyscope => { scope => 'ab' }, 403, 'a b' ], [ anyscope => { scp => ['b'] }, 200 ],
    [ anyscope => { scope => 'x', scp => 'b' }, 403, 'a b' ],
    [ role => undef, 401, '' ],                [ role => { roles => ['x'] }, 403, 'x y' ],
    [ role => { roles => [ 'y', 'x' ] }, 200 ], [ role => { roles => 'x y' }, 403, 'x y' ],
    [ anyrole => { roles => 'x' }, 200 ],      [ anyrole => { roles => { x => 1 } }, 403, 'x y' ],
    [ scoperole => undef, 401, 'a' ],          [ scoperole => { scope => 'a' }, 403, 'a x' ],
    [ scoperole => { roles => ['x'] }, 403, 'a' ], [ scoperole => { scope => 'a', roles => ['x'] }, 200 ],
    [ claim => undef, 401, '' ],               [ claim => {}, 403, '' ],
    [ claim => { department => 'sales' }, 200 ], [ claim => { department => [ 1, 'customer care' ] }, 200 ],
    [ claim => { department => 'sales ' }, 403, '' ], [ claim => { department => { sales => 1 } }, 403, '' ],
    [ claimpath => { org => { unit => 7 } }, 200 ], [ claimpath => { 'org.unit' => 7 }, 200 ],
    [ claimpath => { org => { unit => 70 } }, 403, '' ], [ claimpath => { org => { unit => 7.5 } }, 403, '' ],
    [ valid => undef, 401, '' ],               [ valid => {}, 200 ],
    [ user => { scope => 'a' }, 403, '-' ],    [ user => { sub => 'bob' }, 403, 'a' ],
    [ user => { sub => 'bob', scope => 'a' }, 200 ], [ user => {}, 403, '-' ],
    [ userlast => {}, 403, '-' ],              [ userlast => { scope => 'a' }, 403, '-' ],
    [ ip => undef, 200 ],                      [ ip => {}, 200 ],
    [ badip => undef, 403, '-' ],              [ badip => { scope => 'a' }, 403, '-' ],
    [ badipany => undef, 401, 'a' ],           [ badipany => { scope => 'a' }, 200 ],
    [ badipany => {}, 403, 'a' ],
    [ not => undef, 401, '' ],                 [ not => { scope => 'banned' }, 403, '-' ],
    [ not => { scope => 'x' }, 200 ],
    [ none => undef, 401, 'a' ],               [ none => { scope => 'a' }, 200 ],
    [ none => { scope => 'a banned' }, 403, '-' ], [ none => { scope => 'b' }, 403, 'a' ],
    [ none => { scope => 'a', roles => ['guest'] }, 403, '-' ],
    [ nested => undef, 401, 'a b c' ],         [ nested => { scope => 'a b' }, 200 ],
    [ nested => { scope => 'a c' }, 403, 'a b c' ], [ nested => { scope => 'a c', roles => ['x'] }, 200 ],
    [ implies => undef, 401, 'write' ],        [ implies => { scope => 'read' }, 403, 'write' ],
    [ implies => { scope => 'all' }, 200 ],    [ implies => { scope => 'write' }, 200 ],
    [ cycle => undef, 401, 'p' ],              [ cycle => { scope => 'r' }, 200 ],
    [ cycle => { scope => 's' }, 403, 'p' ],
    [ forbidden => {}, 403, 'a' ],             [ forbidden => undef, 401, 'a' ],
    [ expr => undef, 401, '' ],                [ expr => { department => 'sales', scope => 'a' }, 200 ],
    [ expr => { department => 'sales' }, 403, '-' ],
    [ exprany => undef, 401, 'a' ],            [ exprany => { scope => 'z' }, 200 ],
    [ exprany => { scope => 'zz' }, 403, 'a' ],
    [ exprnot => undef, 401, '' ],             [ exprnot => {}, 200 ],
    [ exprnot => { banned => 'yes' }, 403, '-' ], [ quoted => undef, 401, 'a' ],
    [ granted => undef, 200 ],                 [ denied => { scope => 'a' }, 403, '-' ],
    [ empty => undef, 500, '-' ],              [ empty => { scope => 'a' }, 500, '-' ],
    [ 'valid/and' => {}, 403, 'inner' ],       [ 'valid/and' => { scope => 'inner' }, 200 ],
    [ 'valid/or' => {}, 200 ],                 [ 'valid/open' => undef, 200 ],
    [ satisfy => undef, 401, 'a' ],            [ satisfy => { scope => 'a' }, 200 ],
);

for my $row (@rows) {
    my ($path, $claims, $status, $scope) = @$row;
    my $name = "/$path " . ($claims ? join(' ', map { "$_=" . ($claims->{$_} // '') } sort keys %$claims) || 'bare token' : 'no token');
    my $res  = $http->get("/$path", $claims ? (Authorization => 'Bearer ' . $jwt->mint(%$claims)) : ());
    my @seen = $res->headers('WWW-Authenticate');
    is $res->status, $status, "$name: status";
    is scalar @seen, ($scope // '-') eq '-' ? 0 : 1, "$name: challenges";
    is bearer(@seen)->{param}{scope} // '', $scope, "$name: scope" if @seen && defined $scope;
}

# What a rule grants without a login stays without an identity, whatever the client brings (H-02, H-05).
for my $token ('garbage', $jwt->mint, $jwt->mint(exp => 1)) {
    my $res = $http->get('/ip', Authorization => "Bearer $token", 'X-MCP-Subject' => 'root');
    is $res->status, 200, 'granted by address';
    is_deeply [ $res->headers('WWW-Authenticate') ], [], 'no challenge is left over';
    is_deeply [ $backend->seen('X-MCP-Subject') ], [], 'nobody is vouched for';
    is_deeply [ $backend->seen('Authorization') ], [], 'and the token goes nowhere';
}

done_testing;
