#!/usr/bin/perl
# J-12. Every directive with every kind of wrong word, at each place in its line. The message has the directive, the word and a right example;
# nothing of a secret, no byte that a terminal obeys, no more of a huge word than is needed. And what is legal but unwise is said once.

use v5.36;
use Test::More;
use MCPTest::HTTP;
use MCPTest::Httpd;
use MCPTest::Key;
use MCPTest::Util qw(project_dir slurp spew tempdir);

my $dir = tempdir();
spew("$dir/keys.json", MCPTest::Key::jwks(MCPTest::Key->get('RSA-2048')));
spew("$dir/secret", 's' x 40, 0600);
spew("$dir/long", 's' x 5000, 0600);
my $HUGE = 'x' x 5000;    # of a line in .htaccess, httpd reads 8 KB

# Kinds of words: a right one, then wrong ones, each with what the message shows where that is something else. To every kind but the lenient
# ones come a control byte, a byte that is not ASCII, and both behind a huge word.
my @SECRET = map { [ $_ => '...@as.example' ] } 'https://user:hunter2@as.example', 'https://user:hun/hunter2@as.example', 'user:hunter2@as.example';
my @URL = ('', 'as.example', '//as.example', 'https://', 'mailto:as.example',
    'https://as.example/#', 'https://as.example:-1', 'https://as.example:65536', [ 'https://@as.example' => 'https://...@as.example' ], @SECRET);
my %KIND = (
    algorithm => [ 'RS256', '', 'NONE', 'RS255', 'HS256x', 'RS256,ES256' ],
    audience  => [ 'api://a', '' ],
    body      => [ 'default', '', 'json' ],
    brief     => [ '30s', '', '0x10', '300001ms', '6m' ],
    cache     => [ 'none', '', 'shmcb:/x', ':', [ 'redis:user:hunter2@127.0.0.1' => 'redis:...@127.0.0.1' ] ],
    call      => [ 'tools/call', 'tools/*', 'tools/[a]', $HUGE ],
    claim     => [ 'email', '', $HUGE ],
    default   => [ 'default', 'Default', 'defaults' ],
    dir       => [ "$dir", "$dir/missing", "$dir/keys.json" ],
    duration  => [ '30s', '', '1.5s', '1d' ],
    file      => [ "$dir/keys.json", "$dir" ],
    format    => [ 'auto', '', 'JWTs' ],
    header    => [ 'X-A', '', 'X-A b', qw(X_A X-A: host COOKIE Content-Length Connection Mcp-Session-Id X-Forwarded-For Origin) ],
    host      => [ 'h.example', '', 'h.example/x', '*.example', [ 'user:hunter2@h.example' => 'user:...@h.example' ] ],
    id        => [ 'gateway', "id\x01", "id\xe9" ],
    issuer    => [ 'https://a.example', @URL, 'https://a.example?', 'http://10.0.0.1', 'http://127.example.com' ],
    keys      => [ "file:$dir/keys.json", '', 'https://', @SECRET, 'file:', "file:$dir/secret", "file:$dir/not\@home" ],
    meaning   => [ 'scope', '', 'Scope', 'group' ],
    member    => [ 'resource_name', qw(scopes_supported authorization_servers), map { [ $_ => 'x' ] } qw(dpop_bound_access_tokens_required resource_tos_uri), "$HUGE\xe9" ],
    method    => [ 'basic', '', 'none', 'client_secret_basic' ],
    mode      => [ 'enforce', '', 'On' ],
    origin    => [ 'https://a.example', '', 'https://a.example/x', 'https://', 'https://a.example:0', 'https://a.example?', '*.example' ],
    param     => [ 'tenant', '', 'error', 'Realm', 'my_scope', 'a,b' ],
    pattern   => [ 'delete_*', 'a/../b', $HUGE ],
    prefix    => [ 'api://', '', 'a"b', 'a\b' ],
    profile   => [ 'okta', '', 'ok' ],
    proxy     => [ 'http://proxy.example:3128', '', 'http://', 'http://proxy.example/?', [ 'user:hunter2@proxy.example' => '...' ] ],
    resource  => [ 'https://h.example/mcp', @URL, 'mcp://h.example/mcp', 'http://10.0.0.1/mcp' ],
    role      => [ 'editor', '', 'a b', 'a"b' ],
    scope     => [ 'files:read', '', 'a b', 'a"b', 'offline_access' ],
    secret    => [ "file:$dir/secret", "file:$dir/long", map { [ $_ => '...' ] } 'hunter2hunter2', "hunter2$HUGE\x01", 'http://as.example/hunter2' ],
    size      => [ '8M', '', '-1', '1.5M', '8MB', '2049M', '9999999999', '999999999G' ],
    skew      => [ '30s', '', '-1', '+5s', '1.5s', '5kb', 's', '1e3', '0x10', '5 s', '9999999999', '999999999d', '301s', '300001ms', '6m', '1h', '1d' ],
    switch    => [ 'Off', '', '1', 'false' ],
    text      => ['x'],
    trusted   => [ 'https://as.example', '', 'https://as.example/', 'HTTPS://as.example' ],
    type      => [ 'any', '', 'JWT', 'AT+JWT' ],
    url       => [ 'https://as.example/introspect', '', 'https://', @SECRET ],
    value     => [ 'x', 'a=b', 'a\b' ],
);
my %LENIENT = map { $_ => 1 } qw(audience call claim id member pattern secret text);

# Where it stands, the directive, the kinds of its words: optional with ?, any number with *.
my @DIRECTIVES = map { [split] } split /\n/, <<'ROWS';
server     MCPIssuer              issuer
server     MCPAllowHTTP           host*
server     MCPTimeout             brief
server     MCPRefresh             duration duration?
server     MCPStateDir            dir
server     MCPTokenCache          size
server     MCPProxy               proxy
server     MCPCache               cache
server     MCPMetadataMirror      switch
server     MCPCAFile              file
container  MCPKeys                keys*
container  MCPSharedSecret        secret
container  MCPAlgorithms          algorithm*
container  MCPTokenType           type
container  MCPTokenFormat         format
container  MCPProfile             profile
container  MCPClaim               meaning claim*
container  MCPScopePrefix         prefix
container  MCPIntrospection       url duration?
container  MCPClientAuth          method id secret
section    MCPResource            resource default?
section    MCPAudience            audience*
section    MCPTrustIssuer         trusted*
section    MCPScopeImplies        scope scope*
section    MCPScopesSupported     scope*
section    MCPMetadata            member text*
section    MCPChallengeParam      param value
section    MCPAllowOrigin         origin*
section    MCPForwardClaim        claim header
section    MCPForwardToken        switch
section    MCPClockSkew           skew
section    MCPErrorBody           body
section    MCPOperation           call pattern scope*
section    MCPMaxBody             size
section    MCPBatch               switch
section    MCPMode                mode
section    Require_mcp-scope      scope*
section    Require_mcp-any-scope  scope*
section    Require_mcp-role       role*
section    Require_mcp-any-role   role*
section    Require_mcp-claim      text text*
ROWS

my %registered = map { $_ => 1 } slurp(project_dir() . '/src/httpd/cmds.c') =~ /AP_INIT_\w+\(\s*"(MCP\w+)"/g;
is_deeply [ sort keys %registered ], [ sort grep { /^MCP/ } map { $_->[1] } @DIRECTIVES ], 'every directive has its row';

my $ISSUER = "MCPIssuer https://as.example\n";
sub server ($line)    { return "$ISSUER$line\n" }
sub container ($line) { return "<MCPIssuer \"https://as.example\">\n$line\n</MCPIssuer>\n" }
sub section ($line)   { return "AuthType MCP\nMCPResource https://h.example/mcp\nRequire valid-user\n$line\n" }
sub location ($line)  { return "$ISSUER<Location /mcp>\n" . section($line) . "</Location>\n" }
my %FRAME = (server => \&server, container => \&container);

# A word as it is written in a configuration, and as httpd writes it in a log; of a long one the beginning is enough there.
sub quoted ($word) { return $word =~ /\A[^\s"'\\]+\z/ ? $word : '"' . $word =~ s/(["\\])/\\$1/gr . '"' }
sub logged ($word) { return substr($word, 0, 40) =~ s/\\/\\\\/gr =~ s/([^ -~])/sprintf '\\x%02x', ord $1/ger }

# All wrong lines of a directive: [line, what the message shows].
sub wrong_lines ($directive, @kinds) {
    my $name  = $directive =~ tr/_/ /r;
    my @kind  = map { s/[?*]\z//r } @kinds;
    my @right = map { $KIND{$_}[0] } @kind;
    my $line  = sub (@words) { return join ' ', $name, map { quoted($_) } @words };
    my $least = grep { !/\?\z/ } @kinds;
    my $shown = $kind[0] eq 'secret' ? '...' : $right[0];
    my @lines = map { [ $line->(@right[ 0 .. $_ - 1 ]), $_ || $kind[0] eq 'secret' ? $shown : '' ] } 0 .. $least - 1;
    push @lines, [ $line->(@right, $right[-1]), $shown ] if $kinds[-1] !~ /\*\z/;
    push @lines, [ $line->(@right, ($right[-1]) x 63), $right[-1] ] if $kinds[-1] =~ /\*\z/ && $name =~ /^MCP/;    # httpd would leave out words
    for my $n (0 .. $#kind) {
        my ($fine, @wrong) = @{ $KIND{ $kind[$n] } };
        push @wrong, "$fine\x01", "$fine\xe9", "$fine$HUGE\x01\xe9" if !$LENIENT{ $kind[$n] };
        for my $case (@wrong) {
            my ($word, $seen) = ref $case ? @$case : ($case, $case);
            next if $word eq '' && $n == $#kind && $kinds[$n] =~ /\?/;    # httpd leaves out an empty last word
            push @lines, [ $line->(@right[ 0 .. $n - 1 ], $word, @right[ $n + 1 .. $least - 1 ]), $seen ];
        }
    }
    return @lines;
}

sub check ($directive, $line, $shown, $said) {
    my $name = $directive =~ tr/_/ /r;
    my $ok   = $said =~ /(?:^|: )\Q$name\E: '[^\n]*?\Q@{[ logged($shown) ]}\E[^\n]*' [^\n]+; for example \S/m;
    $ok &&= $said !~ /hunter2|[^\n -~]|[^\n]{1000}/;
    ok $ok, 'refused: ' . substr(logged($line), 0, 100) or diag "expected '", logged($shown), "', got ", substr $said, 0, 600;
    return;
}

# The server's own at start.
for my $row (grep { $_->[0] ne 'section' } @DIRECTIVES) {
    my ($where, $directive, @kinds) = @$row;
    for my $case (wrong_lines($directive, @kinds)) {
        my ($line, $shown) = @$case;
        my ($ok, $said) = MCPTest::Httpd->config_test($FRAME{$where}->($line));
        check($directive, $line, $shown, $ok ? 'nothing' : $said);
    }
}

# Those of sections in .htaccess, by the same code and all in one server.
my @tenants;
for my $row (grep { $_->[0] eq 'section' } @DIRECTIVES) {
    my ($where, $directive, @kinds) = @$row;
    push @tenants, map { ([ $directive, @$_ ]) } wrong_lines($directive, @kinds);
}
my $httpd = MCPTest::Httpd->start(
    log_level => 'info',
    conf      => $ISSUER,
    files     => { map { ("htdocs/$_/.htaccess" => section($tenants[$_][1])) } 0 .. $#tenants },
);
my $http = MCPTest::HTTP->new($httpd->url);
is_deeply [ grep { $http->get("/$_/x")->status != 500 } 0 .. $#tenants ], [], 'each closes its directory';
my %said = $httpd->error_log =~ m{/htdocs/(\d+)/\.htaccess: (.*)}g;
check(@{ $tenants[$_] }, $said{$_} // 'nothing') for 0 .. $#tenants;

# What no word shows is found at start as well, with its place.
my $vhost = "<VirtualHost *:9>\n%s\n</VirtualHost>\n";
my $plain = "MCPIssuer http://as.example\n";
for my $case (
    [ 'plain http, allowed for a part of its name', "MCPAllowHTTP example\n$plain",
        qr{^MCP0300: MCPIssuer: 'http://as\.example' is plain http .*; for example https://as\.example, or MCPAllowHTTP as\.example \(\S+:\d+\)$}m ],
    [ 'plain http, allowed next door', $plain . sprintf($vhost, 'MCPAllowHTTP as.example'),
        qr{MCPIssuer: 'http://as\.example' is plain http} ],
    [ 'a resource on plain http', location('MCPResource http://h.example/x'),
        qr{MCPResource: 'http://h\.example/x' is plain http .*; for example https://h\.example/x, or MCPAllowHTTP h\.example \(\S+:\d+\)$}m ],
    [ 'a huge one', location("MCPResource http://$HUGE/x"),
        qr{MCPResource: 'http://x{93}\.\.\.' is plain http .*; for example https://x{92}\.\.\., or MCPAllowHTTP x{100}\.\.\. \(\S+:\d+\)$}m ],
    [ 'two secrets', container("MCPSharedSecret file:$dir/secret\nMCPSharedSecret file:$dir/secret"),
        qr/MCPSharedSecret: 'file:\S+' is the second one; for example/ ],
    [ 'HS for all issuers', server('MCPAlgorithms RS256 HS256'),
        qr/MCPAlgorithms: .* needs MCPSharedSecret .*; for example .* \(\S+:\d+\)$/m ],
    [ 'HS for all issuers of a host', $ISSUER . sprintf($vhost, 'MCPAlgorithms RS256 HS256'),
        qr/MCPAlgorithms: .* needs MCPSharedSecret/ ],
    [ 'trust in a stranger', location('MCPTrustIssuer https://b.example'),
        qr{MCPTrustIssuer: 'https://b\.example' is no MCPIssuer of this server; for example MCPTrustIssuer https://as\.example \(\S+:\d+\)$}m ],
    [ "trust in the main server's", $ISSUER . sprintf($vhost, "MCPIssuer https://b.example\n<Location /x>\nMCPTrustIssuer https://as.example\n</Location>"),
        qr{MCPTrustIssuer: 'https://as\.example' is no MCPIssuer of this server} ],
    [ 'two defaults', location("MCPResource https://h.example/a default\nMCPResource https://h.example/b default"),
        qr{MCPResource: 'https://h\.example/b default' is the second default of this server; for example keep one \(\S+:\d+\)$}m ],
    [ 'an issuer within another', container("<MCPIssuer \"https://b.example\">\n</MCPIssuer>"),
        qr{^<MCPIssuer: '.*https://b\.example.*' stands inside of another; for example <MCPIssuer }m ],
    [ 'an issuer whose line is not closed', "<MCPIssuer \"https://b.example\"\n</MCPIssuer>",
        qr{^<MCPIssuer: '"https://b\.example"' has no closing '>'; for example <MCPIssuer }m ],
    [ 'two issuers in one section', "<MCPIssuer https://a.example https://b.example>\n</MCPIssuer>",
        qr{^<MCPIssuer: '.*https://b\.example' is not one URL; for example <MCPIssuer }m ],
    [ 'no issuer in a section', "<MCPIssuer >\n</MCPIssuer>",
        qr{^<MCPIssuer: '' is not one URL; for example <MCPIssuer }m ],
    [ '257 rules', location(join "\n", map { "MCPScopeImplies b$_ n$_" } 0 .. 256),
        qr/^MCPScopeImplies: 'b256' is one rule too many.*; for example MCPScopeImplies/m ],
    [ 'a line of 12 MB', server('MCPTimeout ' . join ' ', ('x' x 200_000) x 60),
        qr/^MCPTimeout: 'x{100}\.\.\.' is not a duration; for example 30s$/m ],
    [ '4097 scopes in one rule', location('Require mcp-scope ' . join ' ', map { "s$_" } 0 .. 4096),
        qr/^Require mcp-scope: 's4096' is one word too many.*; for example/m ],
) {
    my ($name, $conf, $pattern) = @$case;
    my ($ok, $said) = MCPTest::Httpd->config_test($conf);
    ok !$ok && $said =~ $pattern, "refused: $name" or diag substr $said, 0, 1000;
}

# Each in its place, and no section without an issuer.
sub right ($directive, @kinds) { return join ' ', $directive =~ tr/_/ /r, map { $KIND{s/[?*]\z//r}[0] } @kinds }
my @right = map { right(@$_[ 1 .. $#$_ ]) } grep { $_->[0] eq 'section' } @DIRECTIVES;
for my $open ('<Location /x>', '<LocationMatch ^/x>', "<Directory $dir>", '<Files x>', '<If "true">', '<Proxy "*">', '<RequireAll>') {
    my ($name) = $open =~ /(\w+)/;
    my $lines = join "\n", $open, (grep { $name ne 'RequireAll' || /^Require/ } @right), "</$name>";
    my ($ok, $said) = MCPTest::Httpd->config_test($name eq 'RequireAll' ? location($lines) : server($lines));
    ok $ok, "right in <$name>" or diag $said;
}
for my $row (@DIRECTIVES) {
    my ($where, @words) = @$row;
    my $line = right(@words);
    my @wrong = $where eq 'section' ? container($line) : location($line);
    push @wrong, container($line) if $where eq 'server';
    for my $conf (@wrong) {
        my ($ok, $said) = MCPTest::Httpd->config_test($conf);
        ok !$ok && $said =~ /^(?:\Q$words[0]\E|Require) not allowed (?:here|in)|^\Q$words[0]\E: '.*' stands inside of <MCPIssuer>; for example/m,
            'refused in ' . ($conf =~ /(<\w+)/)[0] . ">: $line" or diag $said;
    }
    next if $where ne 'section' || $line =~ /^Require/;
    my ($ok, $said) = MCPTest::Httpd->config_test("<VirtualHost *:9>\n<Location /x>\n$line\n</Location>\n</VirtualHost>\n");
    ok !$ok && $said =~ /^MCP0300: \Q$words[0]\E \(\S+:\d+\): no MCPIssuer .*; for example MCPIssuer https:/m, "refused without an issuer: $line" or diag $said;
}

# What is legal but unwise is said once at each start, with its place.
my %unwise = (
    'MCPMode report'        => qr/nothing is refused/,
    'MCPForwardToken On'    => qr/client's token/,
    'MCPAllowOrigin *'      => qr/every origin/,
    'MCPAudience account'   => qr/'account' is no URL/,
    "MCPAudience $HUGE\xe9" => qr/'x{100}\.\.\.' is no URL/,
    "<LimitExcept OPTIONS>\nRequire mcp-scope a\n</LimitExcept>" => qr/other methods need no token/,
);
my $unwise = MCPTest::Httpd->start(conf => location(join "\n", sort keys %unwise));
for my $round ('start', 'graceful restart') {
    my @lines = grep { /MCP0301: / } split /\n/, $unwise->error_log;
    for my $line (sort keys %unwise) {
        is scalar(grep { /MCP0301: \w+ \(\S+:\d+\): / && $_ =~ $unwise{$line} } @lines), 1, "$round: one warning: " . substr logged($line), 0, 40;
    }
    is scalar @lines, scalar keys %unwise, "$round: and no more";
    $unwise->mark->graceful if $round eq 'start';
}
my ($ok, $said) = MCPTest::Httpd->config_test(location("MCPMode enforce\nMCPForwardToken Off\nMCPAllowOrigin https://a.example\nMCPAudience https://x.example/"));
ok $ok && $said !~ /MCP0301/, 'what is wise is not warned of' or diag $said;

done_testing;
