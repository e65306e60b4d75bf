# The harness itself: keys, tokens, base64url, challenge parsers.
use v5.36;
use MCPTest::B64 qw(b64url unb64url b64_spoiled);
use MCPTest::Challenge qw(challenges bearer complaints);
use MCPTest::Challenge::Clients 'clients';
use MCPTest::JWT;
use MCPTest::Key;
use MCPTest::Util qw(json_data run slurp);
use Test::More;

# Whether openssl takes the signature of a token.
sub openssl_verifies ($key, $alg, $token) {
    my ($input, $signature) = $token =~ /^(.*)\.(.*)\z/;
    return $key->verify($alg, $input, unb64url($signature));
}

subtest 'signatures' => sub {
    my @case = (
        [ 'RSA-2048', qw(RS256 RS384 RS512 PS256 PS384 PS512) ], [ 'RSA-3072', 'RS256' ], [ 'RSA-1024', 'RS256' ],
        [ 'P-256', 'ES256' ], [ 'P-384', 'ES384' ], [ 'P-521', 'ES512' ], [ 'secp256k1', 'ES256K' ], [ 'Ed25519', 'EdDSA' ], [ 'Ed448', 'EdDSA' ],
    );
    for my $case (@case) {
        my ($type, @algs) = @$case;
        my $key = MCPTest::Key->get($type);
        for my $alg (@algs) {
            my $token = MCPTest::JWT->new(key => $key)->mint(_alg => $alg);
            ok openssl_verifies($key, $alg, $token), "$type $alg";
            ok !openssl_verifies($key, $alg, $token =~ s/\./.A/r), "$type $alg: changed payload is refused";
            ok !openssl_verifies($key, $alg, $token =~ s/.{8}\z/AAAAAAAA/r), "$type $alg: changed signature is refused";
            is +(MCPTest::JWT::verified($token, $key))[0]{alg}, $alg, "$type $alg: verified as a whole";
            my $sister = MCPTest::Key->get($type, 'sister');
            ok !eval { MCPTest::JWT::verified($token, $sister); 1 }, "$type $alg: by its own key only";
        }
    }
    my $rsa = MCPTest::Key->get('RSA-2048');
    for my $alg (qw(RS384 PS256 ES256 EdDSA HS256 none), '') {
        my $token = MCPTest::JWT->new(key => $rsa)->mint(_header => { alg => $alg });
        ok !eval { MCPTest::JWT::verified($token, $rsa); 1 }, "an RS256 signature is none of '$alg'";
    }
    my $jwt = MCPTest::JWT->new(key => $rsa);
    for my $bad ($jwt->mint(_header => { crit => ['x'] }), $jwt->mint(_payload_json => '[]'), $jwt->mint(_payload_json => '{'),
        $jwt->mint . '=', $jwt->mint . '.', $jwt->mint(_signature_part => ''), 'a.b', '') {
        ok !eval { MCPTest::JWT::verified($bad, $rsa); 1 }, 'no verified token: ' . substr $bad, 0, 30;
    }
    my ($p256, $other) = (MCPTest::Key->get('P-256'), MCPTest::Key->get('P-256', 'other'));
    ok !openssl_verifies($other, 'ES256', MCPTest::JWT->new(key => $p256)->mint), 'a second key of a type is another key';
    is length((MCPTest::JWT::decode(MCPTest::JWT->new(key => $_->[0])->mint))[2]), $_->[1], "$_->[1] bytes of signature"
        for map { [ MCPTest::Key->get($_->[0]), $_->[1] ] } [ 'P-256', 64 ], [ 'P-384', 96 ], [ 'P-521', 132 ], [ 'Ed25519', 64 ];
};

subtest 'key documents' => sub {
    my $rsa = MCPTest::Key->get('RSA-2048');
    my $jwk = $rsa->jwk;
    my $hex = uc unpack 'H*', unb64url($jwk->{n});
    is run([ 'openssl', 'rsa', '-in', $rsa->private_file, '-noout', '-modulus' ])->{out}, "Modulus=$hex\n", 'modulus as openssl says';
    is $jwk->{e}, 'AQAB', 'exponent';
    my $ec   = MCPTest::Key->get('P-521');
    my $text = run([ 'openssl', 'pkey', '-in', $ec->private_file, '-noout', '-text_pub' ])->{out};
    my ($point) = $text =~ /pub:\s*((?:[0-9a-f]{2}[:\s]*)+)/;
    is '04' . join('', map { unpack 'H*', unb64url($ec->jwk->{$_}) } qw(x y)), $point =~ s/[^0-9a-f]//gr, 'point as openssl says';
    is_deeply $rsa->jwk(use => undef, alg => 'RS512', kid => 'k'), { kty => 'RSA', alg => 'RS512', kid => 'k', n => $jwk->{n}, e => 'AQAB' }, 'members set and taken out';
    is_deeply json_data(MCPTest::Key::jwks($rsa, { kty => 'odd' })), { keys => [ $jwk, { kty => 'odd' } ] }, 'set';
    like slurp($rsa->cert_file), qr/BEGIN CERTIFICATE/, 'certificate';
    is run([ 'openssl', 'x509', '-in', $rsa->cert_file, '-noout', '-pubkey' ])->{out}, $rsa->public_pem, 'of that key';
};

subtest 'token shapes' => sub {
    my $jwt = MCPTest::JWT->new(key => MCPTest::Key->get('P-256'), iss => 'https://i', aud => 'https://a');
    my ($header, $claims) = MCPTest::JWT::decode($jwt->mint(scope => 'a b', exp => 5, without => ['iat'], _header => { typ => undef, crit => ['x'] }));
    is_deeply $header, { alg => 'ES256', kid => 'p-256-1', crit => ['x'] }, 'header members';
    is_deeply [ @$claims{qw(iss aud sub client_id scope exp iat)} ], [ 'https://i', 'https://a', 'alice', 'test-client', 'a b', 5, undef ], 'claims';
    isnt $jwt->mint, $jwt->mint, 'jti differs';
    is $jwt->mint(_header_json => '{"alg":1}', _payload_part => '??', _signature => 'sig'), b64url('{"alg":1}') . '.??.' . b64url('sig'), 'raw parts';
    like $jwt->mint(_alg => 'none'), qr/\.\z/, 'none has an empty signature';
    my $hs = $jwt->mint(_key => { hmac => 'secret' }, _header_json => '{"alg":"HS256","typ":"JWT"}', _payload_json => '{"sub":"1"}');
    is $hs, 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxIn0.' . b64url(Digest::SHA::hmac_sha256('eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxIn0', 'secret')), 'HS256';
    my $forged = $jwt->mint(_alg => 'HS256', _key => { hmac => MCPTest::Key->get('RSA-2048')->public_pem });
    is +(MCPTest::JWT::decode($forged))[0]{alg}, 'HS256', 'HMAC by a public PEM';
};

subtest 'base64url' => sub {
    is b64url("\xfb\xff\xfe"), '-__-', 'alphabet';
    is unb64url(b64url(join '', map { chr } 0 .. 255)), join('', map { chr } 0 .. 255), 'there and back';
    my $bad = b64_spoiled("\xfb\xff\xfe\x01");
    is_deeply [ sort keys %$bad ], [qw(blank length_1mod4 newline noncanonical padded standard star)], 'spoiled forms';
    is unb64url($bad->{noncanonical}), "\xfb\xff\xfe\x01", 'noncanonical decodes to the same bytes';
    is length($bad->{length_1mod4}) % 4, 1, 'impossible length';
    ok !exists b64_spoiled('abc')->{noncanonical}, 'no unused bits, no such form';
};

my $META = 'https://h/.well-known/oauth-protected-resource/mcp';
my $GOOD = qq(Bearer realm="R", error="insufficient_scope", scope="a b", resource_metadata="$META");

subtest 'strict parser' => sub {
    my ($one) = challenges($GOOD);
    is_deeply $one->{params}, [ [ 'realm', 'R', 1 ], [ 'error', 'insufficient_scope', 1 ], [ 'scope', 'a b', 1 ], [ 'resource_metadata', $META, 1 ] ], 'parameters in order';
    my @all = challenges(qq(Basic realm="a,b\\"c" , , Negotiate abc==, Bearer, DPoP algs="ES256", x=y), 'Digest n = 1');
    is_deeply [ map { $_->{scheme} } @all ], [qw(Basic Negotiate Bearer DPoP Digest)], 'several challenges';
    is_deeply [ $all[0]{param}, $all[1]{token68}, $all[3]{param}, $all[4]{param} ], [ { realm => 'a,b"c' }, 'abc==', { algs => 'ES256', x => 'y' }, { n => 1 } ], 'their parts';
    is bearer('Basic realm="x"', 'bearer a="1"')->{param}{a}, 1, 'bearer';
    is bearer('Basic realm="x"'), undef, 'no bearer';
    for my $bad ('', ',', 'Bearer a="1', 'Bearer a=, b="1"', 'Bearer a="1" b="2"', 'Bearer a="1", A="2"', "Bearer a=\"x\ny\"", 'Bearer a=https://x', '="x"', 'Bearer a="1" x') {
        ok !eval { challenges($bad); 1 }, "refused: $bad" =~ s/\n/\\n/r;
    }
};

subtest 'complaints' => sub {
    is_deeply [ complaints($GOOD) ], [], 'none about a good one';
    is_deeply [ complaints($GOOD, 'DPoP algs="ES256"') ], [], 'nor with DPoP after it';
    my %bad = (
        'Basic realm="x"'                                          => qr/first challenge/,
        'Bearer realm="x"'                                         => qr/no resource_metadata/,
        qq(Bearer resource_metadata="/x")                          => qr/not absolute/,
        qq(Bearer scope="", resource_metadata="$META")             => qr/scope is empty/,
        qq(Bearer realm=x, resource_metadata="$META")              => qr/realm is not quoted/,
        qq(Bearer realm="a,b", resource_metadata="$META")          => qr/holds a comma/,
        qq(Bearer realm="scope=a", resource_metadata="$META")      => qr/holds word=/,
        qq(Bearer scope="a offline_access", resource_metadata="$META") => qr/offline_access/,
        qq(Bearer resource_metadata="$META", DPoP algs="ES256")    => qr/several challenges in one field/,
        qq(Bearer resource_metadata="$META", a="b)                 => qr/not well-formed/,
    );
    like join('; ', complaints($_)), $bad{$_}, $_ for sort keys %bad;
    like join('; ', complaints($GOOD, $GOOD)), qr/more than one Bearer/, 'two Bearer';
    like join('; ', complaints()), qr/not well-formed/, 'no field at all';
};

subtest 'clients' => sub {
    my $client = clients();
    my $at     = 'https://h/mcp';
    for my $name (sort keys %$client) {
        my $seen = $client->{$name}->($at, $GOOD);
        is $seen->{resource_metadata}, $META, "$name reads resource_metadata";
        is $seen->{scope}, 'a b', "$name reads scope" if exists $seen->{scope};
    }
    is_deeply [ grep { exists $client->{$_}->($at, $GOOD)->{scope} } sort keys %$client ],
        [qw(ai_sdk csharp go mcp_remote rmcp sdk_1_24 sdk_2_4 vscode)], 'who reads scope';
    my $try = sub ($name, @fields) { $client->{$name}->($at, @fields) };
    is $try->('sdk_1_24', 'Bearer'), undef, 'a bare Bearer is none to the SDK';
    is $try->('sdk_1_24', 'Basic realm="x"', $GOOD), undef, 'nor is one behind another scheme';
    is $try->('sdk_1_24', qq(Bearer realm="scope=evil", scope="a")) ->{scope}, 'evil"', 'text in another value is taken';
    is $try->('sdk_1_24', qq(Bearer scope="")) ->{scope}, '""', 'the literal ""';
    is $try->('sdk_2_4', qq(DPoP error="e")) ->{error}, 'e', 'SDK 2.4 takes DPoP first';
    is $try->('sdk_1_17', qq(Bearer resource_metadata="/x")), undef, 'absolute only';
    ok $try->('ai_sdk', qq(Bearer resource_metadata="https://other/x")) ->{fatal}, 'another origin is fatal to the AI SDK';
    is $try->('mcp_remote', qq(Bearer resource_metadata=https://h/x)) ->{resource_metadata}, 'https', 'unquoted URL cut';
    is $try->('mcp_remote', $GOOD, 'X scope="z"')->{scope}, 'z', 'the last scope wins';
    is $try->('authprobe', qq(Bearer resource_metadata="/x")) ->{resource_metadata}, 'https://h/x', 'relative resolved';
    is $try->('csharp', qq(Bearer realm="a,scope=b")) ->{scope}, 'b', 'C# splits inside quotes';
    ok $try->('csharp', 'Basic realm="x"')->{fatal}, 'and wants Bearer';
    ok $try->('go', qq(Bearer realm="", scope="a")) ->{fatal}, 'an empty value is fatal to Go';
    is $try->('rmcp', qq(Bearer resource_metadata="https://o/x")) ->{resource_metadata}, undef, 'rmcp: same origin only';
    is $try->('vscode', $GOOD =~ s/Bearer/bearer/r), undef, 'VS Code: exactly Bearer';
};

done_testing;
