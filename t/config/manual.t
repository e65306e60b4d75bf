#!/usr/bin/env perl
# The manual against the sources and the running module: directives, their fields and defaults, reasons, marks, limits,
# links, and every piece of configuration and every answer it shows.
use v5.36;
use Digest::SHA ();
use File::Basename 'dirname';
use JSON::PP ();
use MCPTest::Backend;
use MCPTest::HTTP;
use MCPTest::Httpd;
use MCPTest::JWT;
use MCPTest::Key;
use MCPTest::TLS;
use MCPTest::Util qw(project_dir slurp spew tempdir);
use Test::More;

my $ROOT   = project_dir();
my $MANUAL = slurp("$ROOT/docs/mod_auth_mcp.md");
my $README = slurp("$ROOT/README.md");

sub source ($name) { return slurp("$ROOT/src/$name") }

# name => RSRC_CONF or OR_AUTHCFG
my %DIRECTIVE = source('httpd/cmds.c') =~ /AP_INIT_\w+\("([^"]+)",\s*\w+,\s*NULL,\s*(\w+),/g;
my @PROVIDERS = source('httpd/authz.c') =~ /^PROVIDER\(\w+, \w+, "([^"]+)"\)/mg;

# The part of the manual about each directive: name => text.
my (%SECTION, @HEADINGS);
{
    my ($text) = $MANUAL =~ /^## Directives\n(.*?)(?=^## )/ms;
    my ($intro, @parts) = split /^### /m, $text;
    for my $part (@parts) {
        my ($heading, $body) = split /\n/, $part, 2;
        push @HEADINGS, $heading =~ s/\W//gr;
        $SECTION{ $heading =~ s/\\([<>])/$1/gr =~ s/>\z//r } = $body;
    }
    is_deeply [ sort $intro =~ /\[`<?(\w+)>?`\]\(#mcp/g ], [ sort map { s/^<//r } keys %DIRECTIVE ], 'the list of directives is complete';
}

sub field ($name, $field) { return ($SECTION{$name} // '') =~ /^\| \Q$field\E \| (.*) \|$/m ? $1 =~ s/\\\|/|/gr : undef }

sub code_blocks ($text, $language) { return $text =~ /^```\Q$language\E\n(.*?)^```$/msg }

# Without blocks of code and tables.
sub text_of ($text) { return $text =~ s/^```.*?^```\n//msgr =~ s/^\|.*\n//mgr }

cmp_ok scalar keys %DIRECTIVE, '>', 20, 'the directives are found in the source';
is_deeply [ sort keys %SECTION ], [ sort keys %DIRECTIVE ], 'the manual documents the directives that there are';
is_deeply \@HEADINGS, [ sort { lc $a cmp lc $b } @HEADINGS ], 'in alphabetical order';

for my $name (sort keys %DIRECTIVE) {
    my $bare    = $name =~ s/^<//r;
    my @blocks  = code_blocks($SECTION{$name} // '', 'apache');
    my $missing = join ', ', grep { !field($name, $_) } qw(Description Syntax Default Context Override);
    is $missing, '', "$name: all fields";
    like field($name, 'Syntax') // '', qr/^`\Q$name\E /, "$name: the syntax begins with its name";
    my $dir = $DIRECTIVE{$name} eq 'OR_AUTHCFG';
    is field($name, 'Override'), $dir ? 'AuthConfig' : 'none', "$name: Override";
    my $context = field($name, 'Context') // '';
    $dir ? is($context, 'directory, .htaccess', "$name: context") : unlike($context, qr/directory|htaccess/, "$name: context");
    ok scalar(grep { /^\s*\Q$name\E[ "]/m } @blocks), "$name: an example";
    like text_of($SECTION{$name} // ''), qr/[a-z]{3}.*\./, "$name: usage notes";
}

# The rows of the profiles: name => { scope => 'scp', ..., token_use => 'access' or '', refusal => 0 or 1 }
my @MEANINGS = qw(scope role user client audience);
my %PROFILE;
for my $row (source('core/profile.c') =~ /^    (\{ \.name = .*?\}),\n(?=    \{|\};)/msg) {
    my ($name) = $row =~ /\.name = "(\w+)"/;
    for my $meaning (@MEANINGS) {
        my ($list) = $row =~ /\.$meaning = \{ (.*?) \}/;
        $PROFILE{$name}{$meaning} = join ' ', ($list // '') =~ /"([^"]+)"/g;
    }
    ($PROFILE{$name}{token_use}) = ($row =~ /\.token_use = "(\w+)"/, '');
    $PROFILE{$name}{refusal} = $row =~ /\.refusal =/ ? 1 : 0;
}

subtest 'profiles' => sub {
    my @usable = grep { !$PROFILE{$_}{refusal} } keys %PROFILE;
    cmp_ok scalar @usable, '>', 5, 'the rows are found in the source';
    my %table;
    for my $row ($SECTION{MCPProfile} =~ /^\| Profile .*\n\|[-|]+\n((?:\|.*\n)+)/m ? split /\n/, $1 : ()) {
        my (undef, $name, @cells) = map { s/`//gr } split /\s*\|\s*/, $row, -1;
        @{ $table{$name} }{ @MEANINGS, 'token_use' } = @cells;
        $table{$name}{refusal} = 0;
    }
    is_deeply \%table, { map { $_ => $PROFILE{$_} } @usable }, 'the table is that of the source';
    my ($words) = field('MCPProfile', 'Syntax') =~ /^`MCPProfile (.*)`/;
    is_deeply [ sort split /\|/, $words ], [ sort @usable ], 'the syntax has all of them';
    like text_of($SECTION{MCPProfile}), qr/`$_` is refused/, "$_ is refused" for grep { $PROFILE{$_}{refusal} } keys %PROFILE;
    my ($error) = source('httpd/cmds_server.c') =~ /"is not ([^"]*) or none"/;
    is_deeply [ sort split /, /, $error ], [ sort grep { $_ ne 'none' } @usable ], 'and so has the error';
};

subtest 'defaults' => sub {
    my %fallback = source('httpd/conf_fields.h') =~ /X\([^,]+, (\w+), [^,]+, (.+)\)\s*\\?$/mg;
    my %word     = (0 => 'Off', MCP_ERROR_BODY_JSONRPC => 'jsonrpc', MCP_MODE_ENFORCE => 'enforce');
    my $value    = sub ($name) { $fallback{$name} =~ /^apr_time_from_sec\((\d+)\)$/ ? "$1s" : $word{ $fallback{$name} } // "? $fallback{$name}" };
    is field('MCPClockSkew', 'Default'),    '`MCPClockSkew ' . $value->('skew') . '`',             'MCPClockSkew';
    is field('MCPTimeout', 'Default'),      '`MCPTimeout ' . $value->('timeout') . '`',            'MCPTimeout';
    is field('MCPRefresh', 'Default'),      '`MCPRefresh ' . $value->('refresh') . ' ' . $value->('throttle') . '`', 'MCPRefresh';
    is field('MCPTokenCache', 'Default'),   '`MCPTokenCache ' . $fallback{token_cache} / 1048576 . 'M`',   'MCPTokenCache';
    is field('MCPMaxBody', 'Default'),      '`MCPMaxBody ' . $fallback{max_body} / 1048576 . 'M`',         'MCPMaxBody';
    is field('MCPBatch', 'Default'),        '`MCPBatch ' . $value->('batch') . '`',                'MCPBatch';
    is field('MCPMetadataMirror', 'Default'), '`MCPMetadataMirror ' . $value->('mirror') . '`',    'MCPMetadataMirror';
    is $fallback{format}, 'MCP_FORMAT_AUTO', 'both kinds of token';
    is field('MCPErrorBody', 'Default'),    '`MCPErrorBody ' . $value->('error_body') . '`',       'MCPErrorBody';
    is field('MCPMode', 'Default'),         '`MCPMode ' . $value->('mode') . '`',                  'MCPMode';
    is field('MCPForwardToken', 'Default'), '`MCPForwardToken ' . $value->('forward_token') . '`', 'MCPForwardToken';
    is $fallback{typed}, '0', 'not typed';
    is field('MCPTokenType', 'Default'), '`MCPTokenType any`', 'MCPTokenType';
    is $fallback{algorithms}, 'MCP_ALGS_PUBLIC', 'algorithms with public keys';
    my ($names) = source('core/jwk.c') =~ /names\[\] = \{(.*?)\}/s;
    is field('MCPAlgorithms', 'Default'), '`MCPAlgorithms ' . join(' ', grep { !/^HS/ } $names =~ /"(\w+)"/g) . '`', 'MCPAlgorithms';

    like $SECTION{MCPClaim}, qr/^\| $_ \| `\Q$PROFILE{none}{$_}\E` \|/m, "MCPClaim $_" for @MEANINGS;
    my ($headers) = source('httpd/identity.c') =~ /default_headers\[\] = \{(.*?)\}/s;
    is field('MCPForwardClaim', 'Default'), join(', ', $headers =~ /"([\w-]+)"/g) =~ s/, ([^,]+)\z/ and $1/r, 'MCPForwardClaim';
    my @set = grep { !field($_, 'Default') || field($_, 'Default') =~ /^`/ } keys %DIRECTIVE;
    is_deeply [ sort @set ], [qw(MCPAlgorithms MCPBatch MCPClockSkew MCPErrorBody MCPForwardToken MCPMaxBody MCPMetadataMirror MCPMode MCPRefresh MCPTimeout MCPTokenCache MCPTokenFormat MCPTokenType)], 'no other default is claimed';
};

subtest 'reasons' => sub {
    my %source;
    for my $row (source('core/reason.c') =~ /^    \[MCP_\w+\] = \{(.*?)\},?$/msg) {
        my ($name, $status, $error, $level) = $row =~ /"(\w+)",\s*(\d+),\s*(NULL|"\w+"),\s*\w+,\s*MCP_LOG_(\w+),/ or fail("row $row");
        $source{$name} = [ $status, $error eq 'NULL' ? '' : $error =~ s/"//gr, lc $level ];
    }
    my ($table) = $MANUAL =~ /^\| Reason \| Status .*\n\|[-|]+\n((?:\|.*\n)+)/m;
    my %manual;
    for my $row (split /\n/, $table) {
        my (undef, $name, $status, $error, $level, $text) = split /\s*\|\s*/, $row;
        $manual{$name} = [ $status, $error, $level ];
        like $text, qr/\w{3}.*\.\z/, "$name: what it means";
    }
    cmp_ok scalar keys %source, '>', 20, 'the rows are found in the source';
    is_deeply \%manual, \%source, 'names, statuses, errors and levels are those of the source';
};

subtest 'marks in the log' => sub {
    my %source = map { $_ => 1 } map { slurp($_) =~ /\b(MCP\d{4})\b/g } glob "$ROOT/src/*/*.c";
    my ($table) = $MANUAL =~ /^\| Mark \| Level .*\n\|[-|]+\n((?:\|.*\n)+)/m;
    my %manual = map { $_ => 1 } $table =~ /\b(MCP\d{4})\b/g;
    is_deeply [ sort keys %manual ], [ sort keys %source ], 'the manual has all of them';
};

subtest 'numbers and names' => sub {
    my %limit = source('core/limits.h') =~ /^#define MCP_(\w+) (\d+)$/mg;
    my ($refresh)  = source('httpd/conf_fields.h') =~ /refresh, MCP_UNSET, apr_time_from_sec\((\d+)\)/;
    my ($throttle) = source('httpd/conf_fields.h') =~ /throttle, MCP_UNSET, apr_time_from_sec\((\d+)\)/;
    my %says = (
        'More than ' . $limit{LIMIT_TOKEN} / 1024 . ' KiB'                        => 'the size of a token',
        "LimitRequestFieldSize $limit{LIMIT_TOKEN}"                               => 'and what httpd needs for it',
        "`Retry-After: $limit{RETRY_AFTER}`"                                      => 'Retry-After',
        'at most ' . $limit{LIMIT_ID_BODY} / 1024 . ' KiB'                        => 'the body read for an id',
        "a string of at most $limit{LIMIT_ID} bytes"                              => 'the id',
        "more than $limit{LIMIT_IDENTITY} bytes"                                  => 'a claim in a header field',
        "RSA of $limit{LIMIT_RSA_MIN} to $limit{LIMIT_RSA_MAX} bits"              => 'RSA keys',
        "at most $limit{LIMIT_KEY_TRIES} keys"                                    => 'the keys tried without a kid',
        "URLs, at most $limit{LIMIT_KEY_URLS}, and files"                          => 'the URLs of an issuer',
        "the first $limit{LIMIT_KEYS} of an issuer"                               => 'the keys of an issuer',
        "$limit{LIMIT_SECRET_MIN} to $limit{LIMIT_SECRET_MAX} bytes"              => 'a shared secret',
        'for up to ' . $limit{LIMIT_KEYS_AGE} / 3600 . ' hours'                   => 'the age of keys',
        'every ' . $refresh / 60 . ' minutes'                                     => 'the time between two fetches',
        "not more than once in $throttle seconds"                                 => 'the throttle',
        "and $limit{LIMIT_DOUBTERS} of them"                                      => 'how many wait for a fetch',
        'down to once a minute'                                                   => $limit{LIMIT_REFRESH_MIN} == 60 ? 'Cache-Control' : 'wrong',
        "remembered for $limit{LIMIT_INACTIVE_AGE} seconds"                       => 'inactive tokens',
        "of which $limit{LIMIT_INQUIRIES_KEPT} are kept"                               => 'places for known tokens',
        "and $limit{LIMIT_INQUIRIES} for an issuer"                               => 'introspections at a time',
        "a pause of 1 to $limit{LIMIT_INQUIRY_PAUSE} seconds"                     => 'the pause',
        "every $limit{LIMIT_TELL} seconds at most"                                => 'lines about introspection',
        'larger than ' . $limit{LIMIT_MIRROR} / 1024 . ' KiB'                     => 'a mirrored document',
        'at most ' . $limit{LIMIT_DOCUMENT} / 1048576 . ' MiB'                    => 'a fetched document',
    );
    like $MANUAL, qr/\Q$_\E/, "$says{$_}: $_" for sort keys %says;
    my ($asked) = source('httpd/cors.h') =~ /MCP_CORS_HEADERS\s*((?:\\?\s*"[^"]*")+)/;
    my ($shown) = source('httpd/cors.h') =~ /MCP_CORS_EXPOSED "([^"]+)"/;
    like $MANUAL, qr/`\Q$_\E`/, "CORS: $_" for split(/[\s",\\]+/, $asked =~ s/^\W+//r), split /, /, $shown;
    my ($members) = source('core/prm.c') =~ /members\[\] = \{(.*?)\n\};/s;
    like $SECTION{MCPMetadata}, qr/\b\Q$_\E\b/, "MCPMetadata: $_" for $members =~ /\{ "(\w+)"/g;
    like $MANUAL, qr/^\| `Require \Q$_\E /m, "Require $_" for @PROVIDERS;
};

# The names that headings get as anchors, as GitHub makes them.
sub anchors ($text) {
    my (%seen, %anchor);
    for my $heading ($text =~ s/^```.*?^```$//msgr =~ /^#+ (.+)$/mg) {
        my $slug = lc($heading) =~ s/[^\w\- ]//gr =~ tr/ /-/r;
        $anchor{ $seen{$slug}++ ? "$slug-" . ($seen{$slug} - 1) : $slug } = 1;
    }
    return \%anchor;
}

subtest 'links' => sub {
    for my $file (qw(README.md SECURITY.md docs/mod_auth_mcp.md docs/providers.md)) {
        my $text  = slurp("$ROOT/$file") =~ s/^```.*?^```$//msgr;
        my @links = $text =~ /\]\(([^)\s]+)\)/g;
        cmp_ok scalar @links, '>', 0, "$file has links";
        for my $link (grep { !m{^https://} } @links) {
            my ($path, $anchor) = $link =~ /^([^#]*)(?:#(.*))?\z/;
            my $target = $path eq '' ? "$ROOT/$file" : dirname("$ROOT/$file") . "/$path";
            ok -e $target && (!defined $anchor || anchors(slurp($target))->{$anchor}), "$file: $link";
        }
        is_deeply [ grep { m{^https?://} && !m{^https://httpd\.apache\.org/docs/2\.4/} } @links ], [], "$file: other sites are httpd's manual";
    }
};

subtest 'examples' => sub {
    my $all = join "\n", map { slurp($_) } glob "$ROOT/conf-examples/*";
    like $all, qr/^\s*\Q$_\E[ "]/m, "$_ is in an example" for sort keys %DIRECTIVE;
    like $all, qr/^\s*Require \Q$_\E /m, "Require $_ is in an example" for @PROVIDERS;
};

# Configuration as it is shown, made whole: an issuer, a section, and files of ours.
my $DIR = tempdir();
spew("$DIR/jwks.json", MCPTest::Key::jwks(MCPTest::Key->get('RSA-2048')));
spew("$DIR/secret", 's' x 48, 0600);
spew("$DIR/key.pem", slurp(MCPTest::Key->get('RSA-2048')->private_file), 0600);

sub whole ($block) {
    my %file = ('/etc/apache2/mcp.secret' => "$DIR/secret", '/etc/apache2/mcp-client.secret' => "$DIR/secret", '/etc/apache2/mcp-client.pem' => "$DIR/key.pem",
        '/var/run/apache2/mcp' => "$DIR/mcp", '/path/to/keys/jwks.json' => "$DIR/jwks.json",
        '/etc/ssl/certs/ca-certificates.crt' => MCPTest::TLS::files()->{ca});
    my $text   = $block =~ s/^LoadModule .*\n//mgr =~ s{(@{[ join '|', map { quotemeta } keys %file ]})}{$file{$1}}gr;
    my $inner  = join '|', grep { $DIRECTIVE{$_} eq 'OR_AUTHCFG' } keys %DIRECTIVE;
    $text =~ s{/var/lib/apache2/mcp}{$DIR};
    my $issuer = $text =~ /MCPIssuer/ ? '' : "MCPIssuer https://auth.example.com\n";
    return $issuer . ($text =~ /^(?:$inner) /m && $text !~ /^<(?:Location|Directory)/m ? "<Location \"/mcp\">\n$text</Location>\n" : $text);
}

subtest 'what is shown starts' => sub {
    for my $block (map { code_blocks($_, 'apache') } $MANUAL, $README) {
        my ($ok, $said) = MCPTest::Httpd->config_test(whole($block), modules => ['socache_shmcb']);
        ok $ok, (split /\n/, $block)[0] or diag "$block$said";
    }
    my ($message) = grep { /is not a duration/ } code_blocks($MANUAL, 'text');
    my ($ok, $said) = MCPTest::Httpd->config_test(whole("MCPClockSkew 5 fortnights\n"));
    ok !$ok && index($said, $message) >= 0, 'the error that is shown' or diag $said;
};

subtest 'what is answered' => sub {
    my ($summary) = code_blocks($MANUAL, 'apache');
    my $key  = MCPTest::Key->get('RSA-2048');
    my $conf = $summary =~ s/^LoadModule .*\n//r =~ s/(AuthType MCP)/$1\n    AuthName "Example files"/r;
    my $httpd = MCPTest::Httpd->start(conf => $conf, log_level => 'warn auth_mcp:info');
    my $http  = MCPTest::HTTP->new($httpd->url);
    my ($shown) = grep { /^HTTP\/1.1 401/ } code_blocks($MANUAL, 'text');
    my $answer  = $http->post_json('/mcp', { jsonrpc => '2.0', id => 7, method => 'initialize' });
    my ($head, $body) = split /\n\n/, $shown;
    my ($first, @fields) = split /\n/, $head;
    is "HTTP/1.1 " . $answer->status . ' ' . $answer->reason, $first, 'the 401 that is shown';
    for (@fields) { my ($name, $value) = split /: /, $_, 2; is $answer->header($name), $value, "its $name" }
    is $answer->body, $body =~ s/\n\z//r, 'its body';

    ($shown) = grep { /^GET/ } code_blocks($MANUAL, 'text');
    my ($request, $document) = split /\n\n/, $shown;
    is $http->get($request =~ s/^GET //r)->body, $document =~ s/\n\z//r, 'the metadata that is shown';

    ($shown) = grep { /^MCP0200/ } code_blocks($MANUAL, 'text');
    my $token = MCPTest::JWT->new(key => $key, iss => 'https://evil.example', aud => 'https://mcp.example.com/mcp')->mint;
    $http->request(POST => '/mcp', [ Authorization => "Bearer $token" ], '{}');
    my $tag = substr Digest::SHA::sha256_hex($token), 0, 8;
    my $line = $shown =~ s/token \w+/token $tag/r =~ s/\n\z//r;
    ok $httpd->wait_log(qr/\Q$line\E$/m), 'the line of the log that is shown' or diag $httpd->error_log;
    like $README, qr/^    \Q${\ ($shown =~ s{\n\z}{}r) }\E$/m, 'and in README.md';
};

# The box at the top says what is open. It would be no warning if it were not so.
subtest 'the warning' => sub {
    my $backend = MCPTest::Backend->start;
    my $section = sub ($path, @lines) {
        return join "\n", "<Location \"$path\">", 'AuthType MCP', "MCPResource http://127.0.0.1:\@PORT\@$path", @lines, '</Location>', '';
    };
    my $httpd = MCPTest::Httpd->start(access_format => '%U %>s %{Authorization}i', log_level => 'warn auth_mcp:info',
        vars => { BACKEND => $backend->url, DIR => "$DIR" }, conf => join "\n", 'TraceEnable on',
        '<MCPIssuer "https://auth.example.com">', 'MCPKeys file:@DIR@/jwks.json', '</MCPIssuer>',
        'RewriteEngine on', 'RewriteRule ^/wide(.*) @BACKEND@/wide$1 [P]', $section->('/wide', 'Require valid-user'),
        $section->('/tight', 'Require mcp-scope a', 'ProxyPass @BACKEND@/tight'),
        '<Location "/tight/open">', 'Require all granted', '</Location>', '<Location "/tight/other">', 'Require mcp-scope b', '</Location>',
        '<Location "/tight/both">', 'AuthMerging And', 'Require mcp-scope b', '</Location>',
        $section->('/limit', '<Limit GET POST>', 'Require mcp-scope a', '</Limit>', 'ProxyPass @BACKEND@/limit'),
        $section->('/satisfy', 'Require valid-user', 'Satisfy Any', 'Allow from all', 'ProxyPass @BACKEND@/satisfy'),
        'SetEnvIf Authorization "[.](.*)" PART=$1', 'SetEnvIf Authorization "(.*)" COPY=$1', 'RequestHeader set X-Early expr=%{HTTP:Authorization} early',
        $section->('/granted', 'Require mcp-scope a', 'Require all granted', 'ProxyPass @BACKEND@/granted'),
        $section->('/valid', 'Require mcp-scope a', 'Require valid-user', 'ProxyPass @BACKEND@/valid'),
        $section->('/local', 'Require local', 'Require mcp-scope a', 'ProxyPass @BACKEND@/local'),
        $section->('/user', q{Require expr "%{REMOTE_USER} != 'mallory'"}, 'ProxyPass @BACKEND@/user'),
        $section->('/claim', q{Require expr "mcp_claim('sub') != 'mallory'"}, 'ProxyPass @BACKEND@/claim'),
        $section->('/directory', 'Require mcp-scope a') =~ s/Location/Directory/gr, 'ProxyPass /directory @BACKEND@/directory',
        $section->('/typeless', 'ProxyPass @BACKEND@/typeless') =~ s/AuthType MCP\n//r,
        $section->('/copy', 'Require valid-user', 'RequestHeader set X-Part %{PART}e', 'RequestHeader set X-Copy %{COPY}e', 'ProxyPass @BACKEND@/copy'),
        $section->('/forward', 'Require valid-user', 'MCPForwardToken On', 'ProxyPass @BACKEND@/forward'),
        $section->('/report', 'Require valid-user', 'MCPMode report', 'ProxyPass @BACKEND@/report'));
    my $http  = MCPTest::HTTP->new($httpd->url);
    my $ask   = sub ($path, $method = 'GET') { return $http->request($method, $path)->status };
    my $jwt   = MCPTest::JWT->new(key => MCPTest::Key->get('RSA-2048'), iss => 'https://auth.example.com');
    my $token = sub ($path, %claim) { return (Authorization => 'Bearer ' . $jwt->mint(aud => $httpd->url($path), %claim)) };
    is $ask->('/wide'), 401, 'a wide proxy rule: the section itself';
    is $ask->("/wide$_"), 200, "a wide proxy rule: /wide$_ is open" for 'x', '-x';
    is $ask->($_), 403, "a wide proxy rule: $_ is refused" for '/wide;x', '/wide.';
    is $ask->("/tight$_"), 404, "ProxyPass inside the section: /tight$_ is not passed on" for 'x', ';x', '.';
    is $ask->('/tight/open'), 200, 'Require all granted in a nested section: open';
    is $http->get('/tight/other', $token->('/tight', scope => 'b'))->status, 200, 'a nested Require replaces the outer one';
    is $http->get('/tight/both', $token->('/tight', scope => 'b'))->status, 403, 'AuthMerging And keeps both';
    is $ask->('/limit'), 401, '<Limit>: its methods';
    is $ask->('/limit', 'PUT'), 200, '<Limit>: the others are open';
    like $httpd->error_log(all => 1), qr/MCP0301: Require .*<Limit>/, '<Limit>: the server warns';
    is $ask->('/satisfy'), 200, 'Satisfy Any: open';
    is $ask->("/$_"), 200, "$_: open" for qw(granted local user directory typeless);
    is $http->get('/valid', $token->('/valid', scope => 'b'))->status, 200, 'Require valid-user beside another line: any good token';
    is $ask->('/claim'), 401, 'Require expr with a claim needs a token';
    is scalar(() = $httpd->error_log(all => 1) =~ /MCP0301: (?:Require .*beside it|MCPResource .*(?:no AuthType|not there))/g), 4, 'the server warns of four of them';
    my @fields = $token->('/copy');
    is $http->get('/copy', @fields)->status, 200, 'copies of the token';
    is_deeply [ $backend->seen('X-Early') ], [ $fields[1] ], 'RequestHeader early: the backend has it';
    is_deeply [ $backend->seen('X-Part') ], [ $fields[1] =~ /[.](.*)/ ], 'SetEnvIf and RequestHeader: the backend has a part of it';
    unlike join('', $backend->seen('X-Copy')), qr/eyJ/, 'SetEnvIf and RequestHeader: but not the whole';
    @fields = $token->('/forward');
    $http->get('/forward', @fields);
    is_deeply [ $backend->seen('Authorization') ], [ $fields[1] ], 'MCPForwardToken On: the backend has the token';
    is $ask->('/report'), 200, 'MCPMode report: open';
    like $httpd->error_log(all => 1), qr/MCP0301: $_ /, "$_: the server warns" for qw(MCPForwardToken MCPMode);
    @fields = $token->('/tight', scope => 'c');
    is $http->get('/tight', @fields)->status, 403, 'a refused token';
    ok $httpd->wait_log(qr{^/tight 403 \Q$fields[1]\E$}m, 5, 'access_log'), '%{Authorization}i: the log has it';
    like $http->request(TRACE => '/', \@fields)->body, qr/\Q$fields[1]\E/, 'TRACE sends the token back';
};

subtest 'expressions' => sub {
    my $backend = MCPTest::Backend->start;
    my $httpd   = MCPTest::Httpd->start(vars => { BACKEND => $backend->url, DIR => "$DIR" }, conf => <<'CONF');
<MCPIssuer "https://auth.example.com">
    MCPKeys file:@DIR@/jwks.json
</MCPIssuer>
<Location "/">
    AuthType MCP
    MCPResource http://127.0.0.1:@PORT@/
    MCPForwardClaim level X-Level
    RequestHeader set X-Claims "expr=%{mcp_claim:email} %{mcp_claim:level} %{mcp_claim:on} %{mcp_claim:list} %{mcp_claim:deep.er} %{mcp_claim:none}"
    RequestHeader set X-Scope "expr=%{MCP_SCOPE}"
    Require valid-user
    <If "mcp_claim('level') == '3'">
        RequestHeader set X-If chosen
    </If>
    ProxyPass @BACKEND@/
</Location>
<Location "/expr">
    Require expr "mcp_claim('email') =~ /example\.com$/ && 'files:read' in mcp_scope('')"
</Location>
<Location "/level">
    Require mcp-claim level 3
</Location>
CONF
    my $http  = MCPTest::HTTP->new($httpd->url);
    my $jwt   = MCPTest::JWT->new(key => MCPTest::Key->get('RSA-2048'), iss => 'https://auth.example.com', aud => $httpd->url('/'));
    my %claim = (scope => 'files:read mail', email => 'a@example.com', level => 3, on => JSON::PP::true(), list => [ 'x', 1 ], deep => { er => 'y' });
    my $ask   = sub ($path, %change) { return $http->get($path, Authorization => 'Bearer ' . $jwt->mint(%claim, %change)) };
    is $ask->('/')->status, 200, 'a token';
    is_deeply [ $backend->seen('X-Claims') ], ['a@example.com 3 true x 1 y'], 'claims as text' or diag $backend->seen('X-Claims');
    is_deeply [ $backend->seen('X-Scope') ], ['files:read mail'], 'scopes';
    is_deeply [ $backend->seen('X-Level') ], ['3'], 'an integer in a header field';
    is_deeply [ $backend->seen('X-If') ], [], 'a claim chooses no section';
    is $ask->('/level')->status, 200, 'an integer in a rule';
    is $ask->('/level', level => 4)->status, 403, 'another one';
    is $http->get('/expr')->status, 401, 'Require expr: 401 without a token';
    is $ask->('/expr')->status, 200, 'Require expr: 200 with the right claims';
    my $answer = $ask->('/expr', email => 'a@example.net');
    is $answer->status, 403, 'Require expr: 403 with others';
    is $answer->header('WWW-Authenticate'), undef, 'without a challenge';
};

subtest 'README.md, CHANGES and .ci/run' => sub {
    my @run = slurp("$ROOT/.ci/run") =~ /^(make .*)$/mg;
    is_deeply \@run, [ 'make deps', 'make check' ], '.ci/run runs two commands';
    like $README, qr/^    make deps\n    make check\n/m, 'those of README.md';
    ok -x "$ROOT/.ci/run", '.ci/run can be run';
    my ($version) = slurp("$ROOT/CHANGES") =~ /\AChanges with mod_auth_mcp (\d+\.\d+\.\d+)\n/;
    ok $version, 'CHANGES begins with the version';
    my ($five) = code_blocks($README, 'apache');
    is $five, (code_blocks($MANUAL, 'apache'))[0], 'README.md and the manual show the same server';
    like slurp("$ROOT/LICENSE"), qr/Apache License/, 'the license';
};

done_testing;
