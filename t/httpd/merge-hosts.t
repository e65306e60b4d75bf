#!/usr/bin/perl
# Every server directive alone in a virtual host below a main server that sets them all: it replaces its own setting and no other.

use v5.36;
use Test::More;
use MCPTest::AS;
use MCPTest::Challenge 'bearer';
use MCPTest::HTTP;
use MCPTest::Httpd;
use MCPTest::JWT;
use MCPTest::Key;
use MCPTest::Util qw(json_data slurp spew tempdir wait_until);

my ($ec, $new, $other) = map { MCPTest::Key->get('P-256', $_) } 1 .. 3;
my ($rsa, $ed) = map { MCPTest::Key->get($_) } 'RSA-2048', 'Ed25519';
my $dir = tempdir();
spew("$dir/secret", 's' x 40, 0600);
spew("$dir/other.pem", slurp($ec->cert_file));
for my $state ("$dir/main", "$dir/host") {
    mkdir $state or die "mkdir: $!";
    chown((getpwnam 'www-data')[ 2, 3 ], $state) if !$<;
}

# Authorization servers: one that is slow, one whose keys change, and one that is asked about tokens.
my ($slow, $turns, $asked) = map { MCPTest::AS->start(keys => [$ec], client => undef) } 1 .. 3;
$slow->behave(metadata => 'slow:1');

# And one behind a proxy, with other keys behind another proxy, and one with a certificate.
my $world = MCPTest::Httpd->start(
    module => 0,
    tls    => 1,
    files  => { 'htdocs/main/jwks.json' => MCPTest::Key::jwks($ec), 'htdocs/host/jwks.json' => MCPTest::Key::jwks($rsa) },
    conf   => <<'CONF');
AddType application/json .json
Listen 127.0.0.1:@PORT2@
Listen 127.0.0.1:@PORT3@
<VirtualHost *:@PORT@>
    @TLS@
</VirtualHost>
<VirtualHost *:@PORT2@>
    DocumentRoot @ROOT@/htdocs/main
</VirtualHost>
<VirtualHost *:@PORT3@>
    DocumentRoot @ROOT@/htdocs/host
</VirtualHost>
CONF

my $issuers = <<'CONF';
<MCPIssuer "https://main.example">
    MCPKeys file:@ROOT@/conf/keys.json
</MCPIssuer>
<MCPIssuer "@ASKED@">
    MCPKeys file:@ROOT@/conf/keys.json
    MCPIntrospection @ASKED@/introspect
    MCPClientAuth basic mcp file:@DIR@/secret
</MCPIssuer>
<MCPIssuer "https://tls.example">
    MCPKeys https://127.0.0.1:@WORLD@/main/jwks.json
</MCPIssuer>
<MCPIssuer "http://as.internal">
    MCPKeys http://as.internal/jwks.json
</MCPIssuer>
MCPIssuer @TURNS@
MCPIssuer @SLOW@
CONF

# What is seen => line of the main server, line of the virtual host, seen with the one and with the other; and by a virtual host that trusts
# an issuer of its own, where that is something else.
my %LINE = (
    issuer   => [ $issuers, "<MCPIssuer \"https://host.example\">\nMCPKeys file:\@ROOT\@/conf/keys.json\n</MCPIssuer>", '200 401', '401 200' ],
    alg      => [ 'MCPAlgorithms ES256 RS256', 'MCPAlgorithms ES256 EdDSA', '200 401', '401 200' ],
    type     => [ 'MCPTokenType any', 'MCPTokenType at+jwt', 200, 401 ],
    format   => [ 'MCPTokenFormat auto', 'MCPTokenFormat jwt', 200, 401, 401 ],
    profile  => [ 'MCPProfile okta', 'MCPProfile cognito', 200, 401 ],
    scope    => [ 'MCPClaim scope main_scope', 'MCPClaim scope host_scope', 's main', 's host' ],
    role     => [ 'MCPClaim role main.roles', 'MCPClaim role host.roles', 200, 403 ],
    user     => [ 'MCPClaim user main_user', 'MCPClaim user host_user', 'main-user', 'host-user' ],
    client   => [ 'MCPClaim client main_client', 'MCPClaim client host_client', 'main-client', 'host-client' ],
    audience => [ 'MCPClaim audience main_aud', 'MCPClaim audience host_aud', '200 401', '401 200' ],
    prefix   => [ 'MCPScopePrefix api://main/', 'MCPScopePrefix api://host/', 'api://main/s', 'api://host/s' ],
    timeout  => [ 'MCPTimeout 300ms', 'MCPTimeout 20s', 503, 200, 401 ],
    refresh  => [ 'MCPRefresh 1h 1h', 'MCPRefresh 2h 1s', 401, 200, 401 ],
    state    => [ 'MCPStateDir @DIR@/main', 'MCPStateDir @DIR@/host' ],
    tokens   => [ 'MCPTokenCache off', 'MCPTokenCache 1M', 'verified twice', 'verified once' ],
    cache    => [ 'MCPCache none', 'MCPCache shmcb', 'twice asked', 'once asked', 'never asked' ],
    mirror   => [ 'MCPMetadataMirror On', 'MCPMetadataMirror Off', 200, 404, 404 ],
    proxy    => [ 'MCPProxy http://127.0.0.1:@PROXY@', 'MCPProxy http://127.0.0.1:@PROXY2@', '200 401', '401 200', '401 401' ],
    ca       => [ 'MCPCAFile @CA@', 'MCPCAFile @DIR@/other.pem', 200, 503, 401 ],
);

# What a line changes beside that: at whose expense an answer is remembered, or not even asked for.
my %BESIDE = (type => { format => 401 }, format => { cache => 'never asked' }, tokens => { cache => 'once asked' });

my %INHERITED = map { $_ => $LINE{$_}[2] } grep { defined $LINE{$_}[2] } keys %LINE;

my @hosts = sort keys %LINE;
my $main  = join "\n", map { $LINE{$_}[0] } @hosts;
my $below = join "\n", map { "<VirtualHost *:\@PORT\@>\nServerName $_\n$LINE{$_}[1]\n</VirtualHost>" } @hosts;
my $httpd = MCPTest::Httpd->start(
    tls     => 1,
    modules => ['status'],
    vars    => {
        DIR => "$dir", TURNS => $turns->issuer, SLOW => $slow->issuer, ASKED => $asked->issuer, WORLD => $world->port, PROXY => $world->port(2), PROXY2 => $world->port(3),
    },
    files => { 'conf/keys.json' => MCPTest::Key::jwks($ec, $rsa, $ed), map { ("htdocs/$_/x" => '') } qw(mcp role) },
    conf  => <<"CONF" . <<'CONF');
$main
<VirtualHost *:\@PORT\@>
    ServerName silent
</VirtualHost>
$below
CONF
MCPAllowHTTP as.internal
AddType application/json .json
Listen 127.0.0.1:@PORT2@
<Location "/">
    AuthType MCP
    MCPResource http://127.0.0.1/mcp
</Location>
<Location "/mcp">
    Require mcp-scope s
    Header set X-Scope "%{MCP_SCOPE}e"
    Header set X-User "expr=%{REMOTE_USER}"
    Header set X-Client "%{MCP_CLIENT_ID}e"
</Location>
<Location "/role">
    Require mcp-role r
</Location>
<Location "/mirror">
    MCPTrustIssuer @TURNS@
    Require valid-user
</Location>
<Location "/server-status">
    AuthType None
    SetHandler server-status
    Require all granted
</Location>
CONF
my $jwt = MCPTest::JWT->new(
    key => $ec, iss => 'https://main.example', token_use => 'access', main_aud => 'http://127.0.0.1/mcp', host_aud => 'http://127.0.0.1/mcp', main_scope => 's main', host_scope => 's host',
    main_user => 'main-user', host_user => 'host-user', main_client => 'main-client', host_client => 'host-client', main => { roles => ['r'] }, host => { roles => ['q'] },
);

sub get ($host, $path, $token, %how) {
    my $http = $how{http} // MCPTest::HTTP->new($httpd->port($host eq 'main' ? 2 : 1));
    return $http->request(GET => $path, [ Host => $host, $token ? (Authorization => "Bearer $token") : () ], undef, keep => $how{http} ? 1 : 0);
}
sub status ($host, @claims) { return get($host, '/mcp/x', $jwt->mint(@claims))->status }

# Keys that were fetched once and are looked for again: an unknown key, so that the next one is another look.
my @visible = ('main', 'silent', grep { $_ ne 'issuer' } @hosts);
ok wait_until(20, sub { !grep { status($_, iss => $turns->issuer) != 200 } @visible }), 'keys are there';
ok wait_until(20, sub { status('timeout', iss => $slow->issuer) == 200 }), 'slow ones as well';
status($_, iss => $turns->issuer, _key => $other) for @visible;
$turns->keys($ec, $new);
ok wait_until(20, sub { status('refresh', iss => $turns->issuer, _key => $new) == 200 }), 'and new ones where they are looked for';

# How many of two requests with one token, to one process, have a trace: by what counts them.
sub twice ($host, $token, $count) {
    my $http   = MCPTest::HTTP->new($httpd->port($host eq 'main' ? 2 : 1));
    my $before = $count->();
    get($host, '/mcp/x', $token, http => $http) for 1 .. 2;
    return (qw(never once twice))[ $count->() - $before ];
}
sub verified () {
    my $sum = 0;
    $sum += $_ for get('main', '/server-status?auto', undef)->body =~ /^MCPIssuer\d+Verified: (\d+)$/mg;
    return $sum;
}

# Everything that can be seen of the settings of a server; own is the issuer of its own.
sub look ($host, @own) {
    my $status = sub (@how) { return status($host, @own, @how) };
    my $seen   = get($host, '/mcp/x', $jwt->mint(@own));
    my $opaque = "opaque-token-of-$host";
    $asked->tokens({ $opaque => { %{ $jwt->{default} }, iss => $asked->issuer, active => \1 } });
    return {
        issuer   => join(' ', map { $status->(iss => "https://$_.example") } qw(main host)),
        alg      => join(' ', map { $status->(_key => $_) } $rsa, $ed),
        type     => $status->(_header => { typ => 'JWT' }),
        cache    => twice($host, $opaque, sub { $asked->asked($opaque) }) . ' asked',
        format   => get($host, '/mcp/x', $opaque)->status,
        profile  => $status->(without => ['token_use']),
        scope    => $seen->header('X-Scope'),
        user     => $seen->header('X-User'),
        client   => $seen->header('X-Client'),
        role     => get($host, '/role/x', $jwt->mint(@own))->status,
        audience => join(' ', map { $status->(without => [$_]) } qw(host_aud main_aud)),
        prefix   => (bearer(get($host, '/mcp/x', undef)->headers('WWW-Authenticate')) // { param => {} })->{param}{scope},
        timeout  => $status->(iss => $slow->issuer),
        refresh  => $status->(iss => $turns->issuer, _key => $new),
        tokens   => 'verified ' . twice($host, $jwt->mint(@own), \&verified),
        mirror   => get($host, '/.well-known/oauth-authorization-server/mirror', undef)->status,
        proxy    => join(' ', map { $status->(iss => 'http://as.internal', _key => $_) } $ec, $rsa),
        ca       => $status->(iss => 'https://tls.example'),
    };
}

is_deeply look('main'), \%INHERITED, 'the main server';
is_deeply look('silent'), \%INHERITED, 'a virtual host that says nothing';
for my $name (@hosts) {
    my (undef, $line, undef, $seen) = @{ $LINE{$name} };
    my %want = (%INHERITED, defined $seen ? ($name => $seen) : (), %{ $BESIDE{$name} // {} });
    my @own  = $name eq 'issuer' ? (iss => 'https://host.example') : ();
    %want = (%want, map { $_ => $LINE{$_}[4] // $want{$_} } keys %want) if @own;
    is_deeply look($name, @own), \%want, 'a virtual host with ' . $line =~ s/\n/ /gr;
}
is_deeply look('main'), \%INHERITED, 'the main server is as before';

# Keys are kept in a file for each way to them: certificates and proxies of virtual hosts are others.
sub kept ($where) { return join ' ', sort map { json_data(slurp($_))->{issuer} } glob "$dir/$where/*.json" }
my $others = join ' ', sort +($turns->issuer) x 3, ('http://as.internal') x 3, ('https://tls.example') x 2, $slow->issuer;
ok wait_until(10, sub { kept('main') eq $others }), 'MCPStateDir: of the main server and virtual hosts that inherit it' or diag kept('main');
is kept('host'), join(' ', sort $turns->issuer, 'http://as.internal', 'https://tls.example'), 'MCPStateDir: of the virtual host that has its own';

# The first word of MCPRefresh is seen in the status only.
my $status = get('main', '/server-status?auto', undef)->body;
my @number = $status =~ /^MCPIssuer(\d+)URL: \Q@{[ $turns->issuer ]}\E$/mg;
is scalar(grep { $status =~ /^MCPIssuer${_}NextRefresh: (\d+)$/m && $1 > 4000 } @number), 1, 'MCPRefresh: one virtual host looks less often';
cmp_ok scalar @number, '>', 1, 'than the others';

# MCPAllowHTTP has its say at start, and so has what does not fit together.
my $plain = "MCPIssuer http://a.example\n";
my $https = "MCPIssuer https://a.example\n";
my $two   = join "\n", map { "<Location /$_>\nMCPResource https://a.example/$_ default\n</Location>" } 'x', 'y';
for my $case (
    [ 'inherited',                  1, 'MCPAllowHTTP a.example', $plain ],
    [ 'its own',                    1, 'MCPAllowHTTP b.example', "MCPAllowHTTP a.example\n$plain" ],
    [ 'two lines',                  1, '', "MCPAllowHTTP a.example\nMCPAllowHTTP b.example\n$plain" ],
    [ 'replaced',                   0, 'MCPAllowHTTP a.example', "MCPAllowHTTP b.example\n$plain" ],
    [ 'emptied',                    0, 'MCPAllowHTTP a.example', "MCPAllowHTTP none\n$plain" ],
    [ 'replaced for its issuers',   0, "MCPAllowHTTP a.example\n$plain", 'MCPAllowHTTP b.example' ],
    [ 'the same issuer again',      1, $https, $https ],
    [ 'another profile',            1, "MCPProfile okta\n$https", 'MCPProfile entra' ],
    [ 'HS without a secret',        0, 'MCPAlgorithms HS256', $https ],
    [ 'a default of each',          1, "$https<Location /z>\nMCPResource https://a.example/z default\n</Location>", "<Location /x>\nMCPResource https://a.example/x default\n</Location>" ],
    [ 'two defaults of its own',    0, $https, $two ],
) {
    my ($name, $fine, $above, $below) = @$case;
    my ($ok, $said) = MCPTest::Httpd->config_test("$above\n<VirtualHost *:9>\n$below\n</VirtualHost>");
    ok $fine ? $ok : !$ok && $said =~ /^MCP0300: MCP\w+: .*; for example \S/m, 'at start, ' . ($fine ? 'taken: ' : 'refused: ') . $name or diag $said;
}

done_testing;
