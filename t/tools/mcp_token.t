# mcp-token: the keys it makes, the tokens it signs (checked by the openssl command, not by us), and how it refuses.
use v5.36;
use utf8;
use Digest::SHA 'sha256';
use Encode 'encode';
use File::Temp;
use JSON::PP 'decode_json';
use MCPTest::B64 qw(b64url unb64url);
use MCPTest::DER qw(ecdsa_der spki_parts);
use MCPTest::Key;
use MCPTest::Util qw(build_dir json_text run slurp spew tempdir);
use Test::More;

my $TOOL = build_dir() . '/mcp-token';
my $DIR  = tempdir();
my $URL  = 'https://auth.example.com';
my $AUD  = 'https://mcp.example.com/mcp';
my @WHO  = ('--issuer', $URL, '--audience', $AUD);
my %SECRETS;    # texts that no output may ever contain

BAIL_OUT("$TOOL is missing: run make") if !-x $TOOL;

# Runs it; whatever the outcome, no private key material on either stream.
sub tool (@words) {
    my $got   = run([ $TOOL, @words ]);
    my $leaks = grep { index($got->{out} . $got->{err}, $_) >= 0 } keys %SECRETS;
    fail("no key material in the output of @words") if $leaks || $got->{signal};
    return $got;
}

sub keygen ($name, @words) {
    my $got = tool('keygen', '--dir', "$DIR/$name", @words);
    is $got->{exit}, 0, "keygen $name" or diag $got->{err};
    remember("$DIR/$name/private.pem");
    return ("$DIR/$name/private.pem", "$DIR/$name/jwks.json", $got);
}

sub remember ($file) {
    $SECRETS{$_} = 1 for grep { length > 20 && !/-----/ } split /\n/, slurp($file);
    return $file;
}

# The parts of the token of a mint that must work: header, claims, signature, signed text.
sub minted ($key, @words) {
    my $got = tool('mint', '--key', $key, @words);
    is_deeply [ @$got{qw(exit err)} ], [ 0, '' ], 'minted: ' . encode('UTF-8', "@words[0 .. ($#words > 5 ? 5 : $#words)]") or diag $got->{err};
    like $got->{out}, qr/\A[\w-]+\.[\w-]+\.[\w-]+\n\z/, 'the token alone, one line';
    my ($text, $header, $claims, $signature) = $got->{out} =~ /\A((.+)\.(.+))\.(.+)\n\z/;
    return { text => $text, sig => unb64url($signature), map { $_->[0] => decode_json(unb64url($_->[1])) } [ header => $header ], [ claims => $claims ] };
}

# openssl's opinion, with the public key it takes from the private one itself.
sub openssl_verifies ($key, $alg, $token) {
    my ($public, $sig, $text) = map { File::Temp->new } 1 .. 3;
    print {$public} run([ 'openssl', 'pkey', '-in', $key, '-pubout' ])->{out};
    print {$sig} $alg =~ /^ES/ ? ecdsa_der($token->{sig}) : $token->{sig};
    print {$text} $token->{text};
    $_->flush for $public, $sig, $text;
    return !run([ 'openssl', 'dgst', '-sha' . substr($alg, 2), '-verify', "$public", '-signature', "$sig", "$text" ])->{exit};
}

sub mode ($file) { return sprintf '%04o', (stat $file)[2] & 07777 }

# What only the openssl command says of a key: the members of its JWK.
sub jwk_by_openssl ($key) {
    my @part = spki_parts(run([ 'openssl', 'pkey', '-in', $key, '-pubout', '-outform', 'DER' ])->{out});
    return { kty => 'RSA', n => b64url($part[0]), e => b64url($part[1]) } if @part == 2;
    my ($x, $y) = unpack 'x a32 a32', $part[0];
    return { kty => 'EC', crv => 'P-256', x => b64url($x), y => b64url($y) };
}

sub thumbprint ($jwk) { return b64url(sha256(json_text($jwk))) }

umask 022;
my %KEY;

for my $alg (qw(RS256 ES256)) {
    subtest "keygen $alg" => sub {
        my ($private, $public, $got) = keygen($alg, '--alg', $alg);
        $KEY{$alg} = $private;
        is mode($private), '0600', 'private.pem is for its owner alone';
        is mode($public),  '0644', 'jwks.json may be read';
        is $got->{err}, '', 'nothing to complain about';
        my $jwk   = jwk_by_openssl($private);
        my $print = thumbprint($jwk);
        is_deeply decode_json(slurp($public)), { keys => [ { %$jwk, kid => $print, use => 'sig', alg => $alg } ] }, 'the set: one public key and nothing else';
        like $got->{out}, qr/\Q$private\E.*\n\Q$public\E.*kid \Q$print\E/, 'says where and which';
        like $got->{out}, qr{^\s*MCPKeys "file:\Q$public\E"$}m, 'says what httpd needs';
        is run([ 'openssl', 'pkey', '-in', $private, '-noout', '-check' ])->{exit}, 0, 'openssl finds the key sound';

        my $token = minted($private, @WHO);
        is_deeply $token->{header}, { alg => $alg, typ => 'at+jwt', kid => $print }, 'header: alg of the key, at+jwt, the kid of the set';
        ok openssl_verifies($private, $alg, $token), 'openssl takes the signature';
        $token->{text} .= 'A';
        ok !openssl_verifies($private, $alg, $token), 'and not over another text';
    };
}

subtest 'keygen: directories and kid' => sub {
    my ($private, $public, $got) = keygen('deep/er', '--kid', "r\x{c3}\x{a9}gl\"e");
    is decode_json(slurp($public))->{keys}[0]{kid}, 'régl"e', 'any UTF-8 kid';
    like $got->{out}, qr/mint --key \S+ --kid /, 'says that mint needs the kid';
    my ($default) = keygen('default');
    is minted($default, @WHO)->{header}{alg}, 'RS256', 'RS256 unless told';
    my $seen = umask 077;
    (undef, $public) = keygen('umask');
    umask $seen;
    is mode($public), '0600', 'the umask holds';
    mkdir "$DIR/there" or die $!;
    chmod 0711, "$DIR/there";
    keygen('there');
    is mode("$DIR/there"), '0711', 'a directory that was there keeps its mode';
    chdir "$DIR" or die $!;
    is tool('keygen', '--dir=relative')->{exit}, 0, 'a relative directory';
    like slurp('relative/jwks.json'), qr/"kid"/, 'is where it should be';
    chdir '/';
};

subtest 'keygen never replaces' => sub {
    my ($private, $public) = ("$DIR/RS256/private.pem", "$DIR/RS256/jwks.json");
    my %before = map { $_ => slurp($_) } $private, $public;
    my $got    = tool('keygen', '--dir', "$DIR/RS256");
    is $got->{exit}, 1, 'exit 1';
    like $got->{err}, qr/^mcp-token keygen: \Q$private\E exists already and stays as it is; for example --dir \S+RS256-2$/, 'says so';
    is_deeply { map { $_ => slurp($_) } $private, $public }, \%before, 'both files as they were';

    mkdir "$DIR/half" or die $!;
    spew("$DIR/half/jwks.json", 'mine');
    $got = tool('keygen', '--dir', "$DIR/half");
    is $got->{exit}, 1, 'a lone jwks.json stops it as well';
    like $got->{err}, qr/jwks\.json exists already/, 'says so';
    is slurp("$DIR/half/jwks.json"), 'mine', 'untouched';
    ok !-e "$DIR/half/private.pem", 'and no half pair stays behind';

    mkdir "$DIR/links" or die $!;
    symlink "$DIR/elsewhere", "$DIR/links/private.pem" or die $!;
    is tool('keygen', '--dir', "$DIR/links")->{exit}, 1, 'a dangling link is not followed';
    ok !-e "$DIR/elsewhere", 'nothing written through it';
};

subtest 'keygen: what the world refuses' => sub {
    spew("$DIR/file", 'x');
    my $got = tool('keygen', '--dir', "$DIR/file/keys");
    is $got->{exit}, 1, 'below a file';
    like $got->{err}, qr{^mcp-token keygen: the directory \S+file/keys cannot be made: Not a directory$}, 'with the system\'s reason';
  SKIP: {
        skip 'root may write anywhere', 2 if !$<;
        mkdir "$DIR/closed", 0555 or die $!;
        $got = tool('keygen', '--dir', "$DIR/closed");
        is $got->{exit}, 1, 'a directory closed to us';
        like $got->{err}, qr/private\.pem cannot be written: Permission denied$/, 'with the reason';
    }
};

subtest 'claims by default' => sub {
    my $before = time;
    my $claims = minted($KEY{RS256}, @WHO)->{claims};
    my $after  = time;
    ok $claims->{iat} >= $before && $claims->{iat} <= $after, 'iat is now';
    is $claims->{exp} - $claims->{iat}, 600, 'ten minutes';
    like $claims->{jti}, qr/\A[\w-]{22}\z/, '128 random bits';
    isnt minted($KEY{RS256}, @WHO)->{claims}{jti}, $claims->{jti}, 'each time others';
    delete @$claims{qw(iat exp jti)};
    is_deeply $claims, { iss => $URL, aud => $AUD, sub => 'developer', client_id => 'mcp-token' }, 'the rest; no empty scope';
};

subtest 'claims as told' => sub {
    my $token = minted($KEY{ES256}, @WHO, '--subject', 'alice', '--client-id', 'app', '--scope', 'files:read files:write',
        '--lifetime', '2h', '--kid', 'other', '--typ', 'JWT');
    is_deeply [ @{ $token->{claims} }{qw(sub client_id scope)} ], [ 'alice', 'app', 'files:read files:write' ], 'subject, client and scope';
    is $token->{claims}{exp} - $token->{claims}{iat}, 7200, 'lifetime';
    is_deeply $token->{header}, { alg => 'ES256', kid => 'other', typ => 'JWT' }, 'kid and typ';
    ok openssl_verifies($KEY{ES256}, 'ES256', $token), 'signature with typ JWT';
    is_deeply minted($KEY{ES256}, @WHO, '--audience', 'api://x')->{claims}{aud}, [ $AUD, 'api://x' ], 'several audiences are an array, in order';
    my %lifetime = ('1s' => 1, '90' => 90, '10m' => 600, '30d' => 2592000, '720H' => 2592000);
    for my $word (sort keys %lifetime) {
        my $claims = minted($KEY{ES256}, @WHO, "--lifetime=$word")->{claims};
        is $claims->{exp} - $claims->{iat}, $lifetime{$word}, "--lifetime $word";
    }
    my $expired = minted($KEY{ES256}, @WHO, '--claim', 'exp=1', '--claim', 'sub=null', '--claim', 'jti=fixed')->{claims};
    is_deeply [ @$expired{qw(exp sub jti)} ], [ 1, undef, 'fixed' ], '--claim sets what no option said: tokens that must be refused';
};

subtest 'values of --claim' => sub {
    my %value = (
        'plain'         => 'plain',           '42'          => 42,        '"42"'          => '42',      'true'  => JSON::PP::true,
        '["a","b c"]'   => [ 'a', 'b c' ],    '{"a":{"b":1}}' => { a => { b => 1 } }, '' => '',         'null'  => undef,
        'a=b=c'         => 'a=b=c',           q(it's "quoted" \\ here) => q(it's "quoted" \\ here),     '-1.5'  => -1.5,
        '[1,'           => '[1,',             'naïve ☃ 𝄞'   => 'naïve ☃ 𝄞',  '"☃\\n"'   => "☃\n",     ' 7 '   => 7,
        "two\nlines"    => "two\nlines",      '{"a":1} x'   => '{"a":1} x', '9007199254740993' => 9007199254740993,
    );
    for my $word (sort keys %value) {
        my $token = minted($KEY{ES256}, @WHO, '--claim', encode('UTF-8', "my.claim/é=$word"));
        is_deeply $token->{claims}{'my.claim/é'}, $value{$word}, encode('UTF-8', "VALUE $word" =~ s/\n/\\n/r);
        ok openssl_verifies($KEY{ES256}, 'ES256', $token), 'signed as it stands';
    }
    my $texts = minted($KEY{ES256}, @WHO, '--subject', encode('UTF-8', 'Zoë "z" ☃'), '--claim=a=1', '--claim', 'b=2');
    is_deeply [ @{ $texts->{claims} }{qw(sub a b)} ], [ 'Zoë "z" ☃', 1, 2 ], 'odd characters in options, several claims';
};

subtest 'keys made elsewhere' => sub {
    my %alg = ('RSA-2048' => 'RS256', 'RSA-3072' => 'RS256', 'P-256' => 'ES256', 'P-384' => 'ES384', 'P-521' => 'ES512');
    for my $type (sort keys %alg) {
        my $file = remember(spew("$DIR/$type.pem", slurp(MCPTest::Key->get($type)->private_file), 0600));
        my $good = grep {
            my $token = minted($file, @WHO, '--claim', "n=$_");
            $token->{header}{alg} eq $alg{$type} && openssl_verifies($file, $alg{$type}, $token)
        } 1 .. 3;
        is $good, 3, "$type signs $alg{$type}";
    }
    my $old = "$DIR/pkcs1.pem";
    run([ 'openssl', 'rsa', '-in', "$DIR/RSA-2048.pem", '-traditional', '-out', $old ]);
    chmod 0600, remember($old);
    like slurp($old), qr/BEGIN RSA PRIVATE KEY/, 'the older form of PEM';
    ok openssl_verifies($old, 'RS256', minted($old, @WHO)), 'signs as well';
};

subtest 'keys that cannot sign' => sub {
    my %file = map { $_ => spew("$DIR/$_.pem", slurp(MCPTest::Key->get($_)->private_file), 0600) } qw(RSA-1024 secp256k1 Ed25519);
    remember($_) for values %file;
    $file{public}  = spew("$DIR/public.pem", MCPTest::Key->get('P-256')->public_pem, 0600);
    $file{empty}   = spew("$DIR/empty.pem", '', 0600);
    $file{noise}   = spew("$DIR/noise.pem", "\0\1\2" x 99, 0600);
    $file{large}   = spew("$DIR/large.pem", 'x' x 1_100_000, 0600);
    $file{open}    = spew("$DIR/open.pem", slurp($KEY{RS256}), 0644);
    $file{missing} = "$DIR/missing.pem";
    $file{dir}     = "$DIR";
    $file{locked}  = "$DIR/locked.pem";
    run([ 'openssl', 'pkey', '-in', $KEY{ES256}, '-aes256', '-passout', 'pass:secret', '-out', $file{locked} ]);
    chmod 0600, $file{locked};
    my $kind = qr/is of a kind that cannot sign here \(no EdDSA\); for example mcp-token keygen makes RSA or P-256 keys/;
    my %says = (
        'RSA-1024' => $kind, secp256k1 => $kind, Ed25519 => $kind,
        public => qr/is public; signing takes the private key/, empty => qr/is empty/, noise => qr/is not a private key in PEM/,
        large  => qr/is too large for a key/, open => qr/is open to everyone; for example chmod 600 \Q$DIR\E\/open\.pem/,
        missing => qr/cannot be read: No such file or directory/, dir => qr/is not a file/,
        locked => qr/has a pass phrase; for example openssl pkey -in OLD -out NEW makes one without/,
    );
    for my $name (sort keys %says) {
        my $got = tool('mint', '--key', $file{$name}, @WHO);
        is_deeply [ @$got{qw(exit out)} ], [ 1, '' ], "$name: exit 1, no token";
        like $got->{err}, qr/^mcp-token mint: --key: '\Q$file{$name}\E' $says{$name}$/, "$name: says why";
    }
};

subtest 'wrong words' => sub {
    my @mint = ('mint', '--key', $KEY{ES256}, @WHO);
    my $long = 'x' x 5000;
    my @case = (
        [ [ 'keygen' ],                                '--dir is missing; for example --dir keys' ],
        [ [ 'keygen', '--dir', '' ],                   "--dir: '' is empty; for example --dir keys" ],
        [ [ 'keygen', '--dir' ],                       '--dir wants a value; for example --dir keys' ],
        [ [ 'keygen', '--dir', '--alg', 'RS256' ],     '--dir wants a value; for example --dir keys' ],
        [ [ 'keygen', '--dir', "$DIR/n", '--alg', 'HS256' ], "--alg: 'HS256' is neither RS256 nor ES256; for example --alg RS256" ],
        [ [ 'keygen', '--dir', "$DIR/n", '--alg', 'rs256' ], "--alg: 'rs256' is neither RS256 nor ES256; for example --alg RS256" ],
        [ [ 'keygen', '--dir', "$DIR/n", '--kid', $long ],   "is too long or has control characters; for example --kid key-1" ],
        [ [ 'keygen', '--dir', "$DIR/n", '--kid', "a\eb" ],  "--kid: 'a\\x1bb' is too long or has control characters" ],
        [ [ 'keygen', '--dir', 'a', '--dir', 'b' ],    '--dir is given twice and has one value; for example --dir keys' ],
        [ [ 'keygen', "$DIR/n" ],                      "/n' is not an option here; for example --dir keys; there are --dir --alg --kid" ],
        [ [ 'keygen', '-dir', 'n' ],                   "'-dir' is not an option here; for example --dir keys" ],
        [ [ 'mint', @WHO ],                            '--key is missing; for example --key keys/private.pem' ],
        [ [ 'mint', '--key', $KEY{ES256}, '--audience', 'a' ], '--issuer is missing; for example --issuer https://auth.example.com' ],
        [ [ 'mint', '--key', $KEY{ES256}, '--issuer', $URL ],  '--audience is missing; for example --audience https://mcp.example.com/mcp' ],
        [ [ 'mint', '--key', $KEY{ES256}, '--audience', 'a', '--issuer', 'auth.example.com' ], "--issuer: 'auth.example.com' is" ],
        [ [ 'mint', '--key', $KEY{ES256}, '--audience', 'a', '--issuer', "$URL?x=1" ],         "--issuer: '$URL?x=1' has a query; for example" ],
        [ [ @mint, '--audience', "a\tb" ],             "--audience: 'a\\x09b' is too long or has control characters" ],
        [ [ @mint, '--subject', $long ],               'is too long or has control characters; for example --subject alice' ],
        [ [ @mint, '--scope', 'a  b' ],                "--scope: 'a  b' is not a list of scopes with one blank between two; for example --scope \"files:read files:write\"" ],
        [ [ @mint, '--scope', 'a"b' ],                 'is not a list of scopes' ],
        [ [ @mint, '--scope', 'a a' ],                 'is not a list of scopes' ],
        [ [ @mint, '--scope', ' ' ],                   'is not a list of scopes' ],
        [ [ @mint, '--scope', '' ],                    "--scope: '' is empty" ],
        [ [ @mint, '--lifetime', 'soon' ],             "--lifetime: 'soon' is not a duration; for example --lifetime 10m" ],
        [ [ @mint, '--lifetime', '-1m' ],              "'-1m' is not a duration" ],
        [ [ @mint, '--lifetime', '0s' ],               "'0s' is not between 1s and 30d; for example --lifetime 10m" ],
        [ [ @mint, '--lifetime', '31d' ],              "'31d' is not between 1s and 30d" ],
        [ [ @mint, '--lifetime', '500ms' ],            "'500ms' is not between 1s and 30d" ],
        [ [ @mint, '--claim', 'admin' ],               "--claim: 'admin' has no '='; for example --claim department=sales" ],
        [ [ @mint, '--claim', '=1' ],                  "--claim: '=1' has no name before the '='" ],
        [ [ @mint, '--claim', 'a=1', '--claim', 'a=2' ], "--claim: 'a=2' names a claim that was set before" ],
        [ [ @mint, '--claim', 'a={"b":1,"b":2}' ],     'has a member twice' ],
        [ [ @mint, '--claim', 'iss=x' ],               "--claim: 'iss=x' says again what --issuer says" ],
        [ [ @mint, '--lifetime', '5m', '--claim', 'exp=1' ], "'exp=1' says again what --lifetime says" ],
        [ [ @mint, '--claim', "a=\xff" ],              "--claim: 'a=\\xff' is not UTF-8" ],
        [ [ @mint, '--kid', '' ],                      "--kid: '' is empty; for example --kid key-1" ],
        [ [ @mint, '--typ', "a\nb" ],                  'is too long or has control characters; for example --typ at+jwt' ],
        [ [ @mint, '--secret', 'x' ],                  "'--secret' is not an option here; for example --key keys/private.pem" ],
        [ [ @mint, '--' ],                             "'--' is not an option here" ],
    );
    for my $case (@case) {
        my ($words, $text) = @$case;
        my $got  = tool(@$words);
        my $name = join ' ', map { s/[^ -~]/?/gr } map { substr $_, 0, 30 } @$words;
        is_deeply [ @$got{qw(exit out)} ], [ 2, '' ], "$name: exit 2, nothing on standard output";
        like $got->{err}, qr/^mcp-token $words->[0]: .*\Q$text\E.*\n\z/, "$name: one line, says why";
        like $got->{err}, qr/; for example --/, "$name: with an example";
    }
    ok !-e "$DIR/n", 'no refused keygen made a directory';
};

subtest 'the words around' => sub {
    my $help = tool('help');
    is $help->{exit}, 0, 'help';
    like $help->{out}, qr/^\s+--$_\s/m, "help knows --$_" for qw(alg kid key issuer audience subject client-id scope claim lifetime typ);
    is_deeply tool(@$_), $help, "@$_ is the same" for [ '--help' ], [ '-h' ], [ 'mint', '--help' ], [ 'keygen', 'help' ];
    my $none = tool();
    is_deeply [ @$none{qw(exit out err)} ], [ 2, '', $help->{out} ], 'no word at all: help as an error';
    my ($version) = slurp(MCPTest::Util::project_dir() . '/CHANGES') =~ /^Changes with \S+ (\S+)/;
    is_deeply [ @{ tool('--version') }{qw(exit out)} ], [ 0, "mcp-token $version\n" ], 'the version of CHANGES';
    my $unknown = tool("m\x{1b}[31mint");
    is $unknown->{exit}, 2, 'a word that is no command';
    is $unknown->{err}, "mcp-token: 'm\\x1b[31mint' is not a command; for example mcp-token keygen --dir keys, or mcp-token help\n", 'shown without its control characters';
    my $pem = slurp($KEY{ES256});
    is tool('mint', "--key=$pem", @WHO)->{exit}, 1, 'the text of a key instead of its name';
    is tool('mint', '--key', $pem, @WHO)->{exit}, 2, 'here it looks like an option';
    like tool('mint', $pem)->{err}, qr/'\(the text of a key or certificate\)' is not an option here/, 'is never shown';
  SKIP: {
        skip 'no /dev/full', 2 if !-e '/dev/full';
        my $full = run([ 'sh', '-c', 'exec "$@" >/dev/full', 'sh', $TOOL, 'mint', '--key', $KEY{ES256}, @WHO ]);
        is $full->{exit}, 1, 'a full disk is a failure';
        like $full->{err}, qr/standard output: No space left/, 'and is said';
    }
};

subtest 'a token too long for any server' => sub {
    my $got = tool('mint', '--key', $KEY{ES256}, @WHO, '--claim', 'x=' . 'y' x 20000);
    is $got->{exit}, 0, 'is still made';
    like $got->{err}, qr/^mcp-token mint: note: the token has \d+ bytes and servers take 16384$/, 'with a note';
};

done_testing;
