package MCPTest::Hostile;
# Tokens that no resource server may let in, and good ones beside them: the same set for this module and for its peers.
#
#   my $site = MCPTest::Hostile->new(iss => $issuer, aud => $resource, scope => 'files:read', rsa => $key, ec => $key);
#   for ($site->tokens) { my ($group, $name, $token) = @$_ }    # hostile, some 500
#   for ($site->good)   { my ($name, $token) = @$_ }
#
# Unless it is about the signature, a token is signed by the issuer's own key: what is wrong with it is what its name says.

use v5.36;
use Digest::SHA qw(sha256);
use MCPTest::B64 qw(b64url unb64url);
use MCPTest::JWT;
use MCPTest::Key;
use MCPTest::Util 'json_text';

my @RSA_ALGS = qw(RS256 RS384 RS512 PS256 PS384 PS512);

sub new ($class, %site) {
    my %is = (scope => $site{scope}, sub => 'alice', client_id => 'test-client');
    $site{jwt}    = MCPTest::JWT->new(key => $site{rsa}, iss => $site{iss}, aud => $site{aud}, %is);
    $site{thief}  = MCPTest::Key->get('RSA-2048', 'thief');
    return bless \%site, $class;
}

sub good ($self) {
    return (
        [ 'RS256',            $self->{jwt}->mint ],
        [ 'ES256',            $self->{jwt}->mint(_key => $self->{ec}) ],
        [ 'typ JWT',          $self->{jwt}->mint(_header => { typ => 'JWT' }) ],
        [ 'one of audiences', $self->{jwt}->mint(aud => [ 'https://other.example.com/', $self->{aud} ]) ],
        [ 'one of scopes',    $self->{jwt}->mint(scope => "other $self->{scope} more") ],
    );
}

sub tokens ($self) {
    my @groups = (
        algorithm => \&algorithms, signature => \&signatures, encoding => \&encodings, JSON => \&texts, 'members twice' => \&twice,
        header => \&headers, 'key in the token' => \&own_keys, issuer => \&issuers, audience => \&audiences, time => \&times,
        'kind of token' => \&kinds, 'bound to a proof' => \&bound, scope => \&scopes, subject => \&subjects,
    );
    my @all;
    while (my ($group, $make) = splice @groups, 0, 2) {
        my @made = $make->($self);
        push @all, [ $group, splice @made, 0, 2 ] while @made;
    }
    return @all;
}

# The payload as JSON text with a member in it that is text as well.
sub payload ($self, $json, @without) {
    my %claims = $self->{jwt}->claims;
    delete @claims{@without};
    return json_text(\%claims) =~ s/\}\z/,$json}/r;
}

# A claim as JSON text.
sub raw ($self, $claim, @values) {
    return map { ("$claim $_" => $self->{jwt}->mint(_payload_json => $self->payload(qq{"$claim":$_}, $claim))) } @values;
}

sub algorithms ($self) {
    my ($jwt, $rsa, $ec, @made) = @$self{qw(jwt rsa ec)};
    my $signed = $jwt->mint;
    my $sign   = sub ($alg) { MCPTest::JWT::signature($rsa, 'RS256', ($signed =~ /^(.*)\./)[0]) };
    for my $none ('none', 'None', 'NONE', 'nOnE', 'none ', ' none', '') {
        push @made, "'$none' without a signature" => $jwt->mint(_alg => 'none', _header => { alg => $none });
        push @made, "'$none' with one"            => $jwt->mint(_header => { alg => $none });
    }
    my %secret = (
        'the PEM' => $rsa->public_pem, 'the PEM without its last newline' => $rsa->public_pem =~ s/\n\z//r,
        'the PEM on one line' => $rsa->public_pem =~ s/\n//gr, 'the PEM with CRLF' => $rsa->public_pem =~ s/\n/\r\n/gr,
        'the DER' => $rsa->public_der, 'the JWK' => json_text($rsa->jwk), 'the JWK Set' => MCPTest::Key::jwks($rsa),
        'the modulus' => unb64url($rsa->jwk->{n}), 'the encoded modulus' => $rsa->jwk->{n},
        'the kid' => $rsa->kid, 'the PEM of the EC key' => $ec->public_pem,
        'the DER of the EC key' => $ec->public_der, 'nothing' => '', 'secret' => 'secret', 'zeros' => "\0" x 32,
    );
    for my $alg (qw(HS256 HS384 HS512)) {
        push @made, "$alg by $_" => $jwt->mint(_alg => $alg, _key => { hmac => $secret{$_} }, _header => { kid => $rsa->kid }) for sort keys %secret;
        push @made, "$alg, no kid, by $_" => $jwt->mint(_alg => $alg, _key => { hmac => $secret{$_} }) for 'the PEM', 'the DER', 'the JWK';
    }
    for my $said (@RSA_ALGS, 'ES256', 'ES384', 'ES512', 'EdDSA') {
        push @made, "$said said, signed by $_" => $jwt->mint(_alg => $said, _sign_alg => $_) for grep { $_ ne $said } @RSA_ALGS;
    }
    push @made, "$_ said, signed by ES256" => $jwt->mint(_key => $ec, _alg => $_, _sign_alg => 'ES256') for 'ES384', 'ES512', 'RS256',
        'EdDSA', 'ES256K';
    push @made, "'$_'" => $jwt->mint(_header => { alg => $_ }) for 'rs256', 'RS256 ', ' RS256', 'RS-256', 'RS1', 'RS257', 'SHA256withRSA',
        'RSA-OAEP', 'A128KW', 'dir', "RS256\0", 'RS256,none';
    push @made, "alg $_" => $jwt->mint(_header_json => qq({"alg":$_,"typ":"at+jwt","kid":"@{[ $rsa->kid ]}"})) for 'null', '256', 'true',
        '["RS256"]', '{"RS256":1}';
    push @made, 'no alg' => $jwt->mint(_header => { alg => undef });
    return @made;
}

sub signatures ($self) {
    my ($jwt, $rsa, $ec, $thief, @made) = @$self{qw(jwt rsa ec thief)};
    my $with = sub ($text, $bytes) { "$text." . b64url($bytes) };
    my ($text, $proof) = $jwt->mint =~ /^(.*)\.(.*)/;
    my ($other) = $jwt->mint =~ /([^.]*)\z/;
    my $bytes = unb64url($proof);
    my $size  = length $bytes;
    for my $byte (map { 4 * $_ } 0 .. $size / 4 - 1) {
        my $flip = "\0" x $byte . chr(1 << $byte / 4 % 8) . "\0" x ($size - 1 - $byte);
        push @made, "a bit of byte $byte flipped" => $with->($text, $bytes ^. $flip);
    }
    push @made, "$_ bytes of it"  => $with->($text, substr $bytes, 0, $_) for 0, 1, 32, 64, $size / 2, $size - 1;
    push @made, 'a zero before'   => $with->($text, "\0$bytes"), 'a zero behind' => $with->($text, "$bytes\0"),
        'twice' => $with->($text, $bytes . $bytes);
    push @made, "all bytes $_"    => $with->($text, chr($_) x $size) for 0, 1, 127, 255;
    push @made, 'backwards'       => $with->($text, scalar reverse $bytes);
    push @made, "another token's" => "$text.$other";
    push @made, 'of the payload alone' => $with->($text, $rsa->sign('RS256', ($text =~ /\.(.*)/)[0]));
    push @made, 'with a dot behind'    => $with->($text, $rsa->sign('RS256', "$text."));
    push @made, 'of its hash'          => $with->($text, $rsa->sign('RS256', sha256($text)));
    push @made, 'of the decoded texts' => $with->($text, $rsa->sign('RS256', join '.', map { unb64url($_) } split /\./, $text));
    for my $change ([ 'payload' => 1, qr/"alice"/, '"admin"' ], [ 'header' => 0, qr/at\+jwt/, 'JWT' ]) {
        my @part = split /\./, $text;
        $part[ $change->[1] ] = b64url(unb64url($part[ $change->[1] ]) =~ s/$change->[2]/$change->[3]/r);
        push @made, "$change->[0] changed behind it" => join '.', @part, $proof;
    }
    push @made, "by another key, $_"      => $jwt->mint(_key => $thief, _alg => $_, _header => { kid => $rsa->kid }) for @RSA_ALGS;
    push @made, "by another key, no kid, $_" => $jwt->mint(_key => $thief, _alg => $_, _header => { kid => undef }) for @RSA_ALGS;
    push @made, "by the thief's own, $_"  => $jwt->mint(_key => $thief, _alg => $_) for @RSA_ALGS;
    return (@made, $self->ecdsa);
}

sub ecdsa ($self) {
    my ($jwt, $ec) = @$self{qw(jwt ec)};
    my $thief = MCPTest::Key->get('P-256', 'thief');
    my @made  = map { ("ECDSA: by another key, kid $_" => $jwt->mint(_key => $thief, _header => { kid => $_ })) } $ec->kid, $thief->kid;
    push @made, 'ECDSA: by another key, no kid' => $jwt->mint(_key => $thief, _header => { kid => undef });
    my ($text, $proof) = $jwt->mint(_key => $ec) =~ /^(.*)\.(.*)/;
    my ($r, $s) = unpack 'a32 a32', unb64url($proof);
    my $n = pack 'H*', 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551';
    my ($zero, $one) = ("\0" x 32, "\0" x 31 . "\1");
    my %numbers = (
        'r and s zero' => $zero . $zero, 'r zero' => $zero . $s, 's zero' => $r . $zero, 'r and s one' => $one . $one,
        'r = n' => $n . $s, 's = n' => $r . $n, 'r and s = n' => $n . $n, 'exchanged' => $s . $r, 'r alone' => $r,
        'a zero before each' => "\0$r\0$s", 'nothing' => '', 'DER' => der($r, $s),
        (map { ("byte $_ changed" => ($r . $s) ^. ("\0" x $_ . "\1" . "\0" x (63 - $_))) } map { 8 * $_ } 0 .. 7),
    );
    push @made, "ECDSA: $_" => "$text." . b64url($numbers{$_}) for sort keys %numbers;
    return @made;
}

sub der ($r, $s) {
    my @number = map { my $n = s/^\0+(?=.)//sr; ord $n > 127 ? "\0$n" : $n } $r, $s;
    my $body   = join '', map { "\2" . chr(length $_) . $_ } @number;
    return "\x30" . chr(length $body) . $body;
}

# What decoders forgive: the parts as they are sent, signed as they are sent.
sub encodings ($self) {
    my $jwt  = $self->{jwt};
    my @part = split /\./, $jwt->mint;
    my $sign = sub ($head, $body) { "$head.$body." . b64url($self->{rsa}->sign('RS256', "$head.$body")) };
    my @made;
    for my $case ([ 'padding' => '=' ], [ 'more padding' => '==' ], [ 'a letter more' => 'A' ], [ 'a hash' => '#' ], [ 'a percent sign' => '%' ],
        [ 'an escaped end' => '%3D' ], [ 'a plus' => '+' ], [ 'a slash' => '/' ], [ 'a tilde' => '~' ], [ 'a comma' => ',' ], [ 'a byte above' => "\xc3\xa9" ])
    {
        push @made, "$case->[0] in the header"    => $sign->("$part[0]$case->[1]", $part[1]);
        push @made, "$case->[0] in the payload"   => $sign->($part[0], "$part[1]$case->[1]");
        push @made, "$case->[0] in the signature" => join('.', @part) . $case->[1];
    }
    push @made, 'plus and slash for hyphen and low line' => join '.', @part[ 0, 1 ], $part[2] =~ tr{-_}{+/}r if $part[2] =~ /[-_]/;
    push @made, 'unused bits of the signature are set' => join '.', @part[ 0, 1 ], $part[2] =~ s/(.)\z/loose($1)/er;
    push @made, 'unused bits of the header are set'    => $sign->(loosened(json_text({ alg => 'RS256', kid => $self->{rsa}->kid })), $part[1]);
    my @odd = (
        'a dot before' => '.' . join('.', @part), 'a dot behind' => join('.', @part) . '.', 'two dots' => join('..', @part),
        'two parts' => join('.', @part[ 0, 1 ]),
        'no header' => ".$part[1].$part[2]", 'no payload' => $sign->($part[0], ''), 'no signature' => "$part[0].$part[1].",
        'four parts' => join('.', @part, $part[2]),
        'five parts' => join('.', @part, @part[ 0, 1 ]), 'one part' => $part[1], 'dots alone' => '..',
        'parts in another order' => join('.', @part[ 1, 0, 2 ]),
        'the texts as they are' => '{"alg":"RS256"}.' . json_text({ $jwt->claims }) . ".$part[2]",
    );
    return @made, @odd;
}

# A last letter that means the same to a decoder that ignores the bits left over.
sub loose ($letter) {
    my $alphabet = join '', 'A' .. 'Z', 'a' .. 'z', 0 .. 9, '-', '_';
    return substr $alphabet, index($alphabet, $letter) | 1, 1;
}

sub loosened ($json) {
    $json =~ s/\}\z/ }/ while length($json) % 3 == 0;
    return b64url($json) =~ s/(.)\z/loose($1)/er;
}

# What is no JSON object in UTF-8.
sub texts ($self) {
    my ($jwt, $kid) = ($self->{jwt}, $self->{rsa}->kid);
    my $right  = json_text({ $jwt->claims });
    my $header = qq({"alg":"RS256","typ":"at+jwt","kid":"$kid"});
    my %spoil  = (
        'a mark before' => sub ($t) { "\xef\xbb\xbf$t" }, 'a letter behind' => sub ($t) { "${t}x" },
        'an object behind' => sub ($t) { "$t\{}" }, 'NUL behind' => sub ($t) { "$t\0" },
        'a list' => sub ($t) { "[$t]" }, 'a string' => sub ($t) { json_text($t) }, 'cut' => sub ($t) { substr $t, 0, -1 },
        'a comma too many' => sub ($t) { $t =~ s/\}\z/,}/r },
        'a comment' => sub ($t) { $t =~ s/\{/\{\/* *\//r },
        'single quotes' => sub ($t) { $t =~ tr/"/'/r }, 'no quotes' => sub ($t) { $t =~ s/"(\w+)":/$1:/gr },
        'UTF-16' => sub ($t) { join '', map { "$_\0" } split //, $t },
        'bytes that are no UTF-8' => sub ($t) { $t =~ s/\}\z/,"x":"\xc3\x28"}/r },
        'an overlong slash' => sub ($t) { $t =~ s/\}\z/,"x":"\xc0\xaf"}/r }, 'a raw newline' => sub ($t) { $t =~ s/\}\z/,"x":"\n"}/r },
        'half a surrogate' => sub ($t) { $t =~ s/\}\z/,"x":"\\ud800"}/r }, 'NaN' => sub ($t) { $t =~ s/\}\z/,"x":NaN}/r },
        'a zero before' => sub ($t) { $t =~ s/\}\z/,"x":01}/r },
        'hexadecimal' => sub ($t) { $t =~ s/\}\z/,"x":0x1}/r },
        'deep' => sub ($t) { $t =~ s/\}\z/',"x":' . '[' x 2100 . ']' x 2100 . '}'/er }, 'empty' => sub ($t) { '' },
        'spaces' => sub ($t) { '  ' }, 'null' => sub ($t) { 'null' }, 'a number' => sub ($t) { '1' }, 'no members' => sub ($t) { '{}' },
        'other words' => sub ($t) { 'alice' },
    );
    return map {
        my $spoil = $spoil{$_};
        my @head  = $_ eq 'deep' ? () : ("the header: $_" => $jwt->mint(_header_json => $spoil->($header)));
        ("the payload: $_" => $jwt->mint(_payload_json => $spoil->($right)), @head)
    } sort keys %spoil;
}

# Readers differ in which of two they take.
sub twice ($self) {
    my $jwt = $self->{jwt};
    my %bad = (iss => '"https://evil.example"', aud => '"https://other.example.com/"', exp => '1', nbf => '9999999999', sub => '"admin"',
        scope => '"files:read admin"', client_id => '"other"');
    my %claims = (nbf => 1, $jwt->claims);
    my @made;
    for my $name (sort keys %bad) {
        my %rest = %claims;
        delete $rest{$name};
        my ($good, $rest) = (json_text([ $claims{$name} ]) =~ /^\[(.*)\]/, json_text(\%rest) =~ s/\A\{//r);
        push @made, "$name, the wrong one last"  => $jwt->mint(_payload_json => qq({"$name":$good,"$name":$bad{$name},$rest));
        push @made, "$name, the wrong one first" => $jwt->mint(_payload_json => qq({"$name":$bad{$name},"$name":$good,$rest));
        my $escaped = sprintf '\u%04x%s', ord $name, substr $name, 1;
        push @made, "$name, one escaped"         => $jwt->mint(_payload_json => qq({"$escaped":$bad{$name},"$name":$good,$rest));
    }
    my $kid = $self->{rsa}->kid;
    for my $two ('"alg":"none","alg":"RS256"', '"alg":"RS256","alg":"none"', '"alg":"HS256","alg":"RS256"', '"alg":"RS256","alg":"RS256"',
        '"alg":"RS256","\u0061lg":"none"', '"alg":"RS256","typ":"JWT"') {
        push @made, "in the header: $two" => $jwt->mint(_header_json => qq({$two,"kid":"$kid","typ":"at+jwt"}));
    }
    push @made, 'in the header: kid' => $jwt->mint(_header_json => qq({"alg":"RS256","kid":"$kid","kid":"other"}));
    return @made;
}

sub headers ($self) {
    my ($jwt, $kid) = ($self->{jwt}, $self->{rsa}->kid);
    my @made = map { ("crit $_" => $jwt->mint(_header_json => qq({"alg":"RS256","kid":"$kid","exp":1,"b64":true,"crit":$_}))) } '["exp"]',
        '["b64"]', '[]', '"exp"', 'null', '[1]', '["urn:x"]', '{}', 'true';
    push @made, 'b64 false' => $jwt->mint(_header => { b64 => \0 }),
        'b64 false and critical' => $jwt->mint(_header => { b64 => \0, crit => ['b64'] });
    push @made, "typ $_" => $jwt->mint(_header => { typ => $_ })
        for qw(dpop+jwt logout+jwt secevent+jwt token-introspection+jwt kb+jwt id_token+jwt oauth-authz-req+jwt client-authentication+jwt),
        qw(rt+jwt JWE application/json text/plain), '', 'JWT ', 'at+jwt;x';
    push @made, "typ $_" => $jwt->mint(_header_json => qq({"alg":"RS256","kid":"$kid","typ":$_})) for 'null', '1', '["at+jwt"]',
        '{"at+jwt":1}', 'true';
    push @made, "kid $_" => $jwt->mint(_header_json => qq({"alg":"RS256","kid":$_})) for 'null', '1', '["' . $kid . '"]', '{}', 'true',
        '"' . 'k' x 600 . '"', '"../../../../dev/null"', qq("$kid\\u0000"), qq("$kid "), '""',
        '"x\' or \'1\'=\'1"';
    return @made;
}

# The thief's key, and where it is; then the issuer's kid beside it.
sub own_keys ($self) {
    my ($jwt, $thief, $rsa) = @$self{qw(jwt thief rsa)};
    my ($cert) = join('', split /\n/, MCPTest::Util::slurp($thief->cert_file)) =~ /-----BEGIN CERTIFICATE-----(.*)-----END/;
    my %own    = (
        'jwk' => { jwk => $thief->jwk }, 'jku' => { jku => 'http://127.0.0.1:1/jwks' },
        'jku over https' => { jku => 'https://evil.example/jwks' }, 'jku in a file' => { jku => 'file:///etc/passwd' },
        'x5u' => { x5u => 'http://127.0.0.1:1/cert' }, 'x5c' => { x5c => [$cert] }, 'jwk and x5c' => { jwk => $thief->jwk, x5c => [$cert] },
        'jwk with the kid of ours' => { jwk => $thief->jwk(kid => $rsa->kid) }, 'issuer' => { iss => 'https://evil.example' },
    );
    return map {
        ("$_, another kid" => $jwt->mint(_key => $thief, _header => $own{$_}),
            "$_, no kid" => $jwt->mint(_key => $thief, _header => { %{ $own{$_} }, kid => undef }),
            "$_, the kid of the issuer's" => $jwt->mint(_key => $thief, _header => { %{ $own{$_} }, kid => $rsa->kid }))
    } sort keys %own;
}

sub issuers ($self) {
    my $iss  = $self->{iss};
    my $host = $iss =~ s{^https?://}{}r;
    my @text = (
        'https://evil.example', "$iss/", "$iss//", "$iss/.", "$iss:443", "$iss?", "$iss#", "$iss.evil.example",
        "https://evil.example/$host", "https://evil.example/$iss", "https://x\@$host",
        "http://$host", "https://$host/tenant", uc $iss, $iss =~ s/https/HTTPS/r, " $iss", "$iss ", "$iss\0", "$iss\0.evil.example",
            substr($iss, 0, -1), "${iss}x", $host, '', '*', "$iss,https://evil.example", "$iss https://evil.example",
    );
    return (
        (map { ('iss ' . json_text($_) => $self->{jwt}->mint(iss => $_)) } @text),
        'no iss' => $self->{jwt}->mint(without => ['iss']),
        $self->raw('iss', 'null', '1', 'true', qq(["$iss"]), qq({"$iss":1}), '[]'),
    );
}

sub audiences ($self) {
    my $aud    = $self->{aud};
    my ($host) = $aud =~ m{^https?://([^/]+)};
    my @text   = (
        'https://other.example.com/mcp', "https://$host", "https://$host/", "https://$host/mcp2", "https://$host/mc",
        "https://$host/other", "https://$host/MCP", "https://$host/mcp/x", "https://$host/mcp/../other",
        "http://$host/mcp", "https://$host:8443/mcp", "https://x\@$host/mcp", "$aud?x", "$aud#x", "$aud.evil.example",
            "https://evil.example/$aud", "https://evil.example/mcp", uc $aud, " $aud", "$aud ", "$aud\0", "$aud\0x",
        "$aud,https://other.example.com/", "https://other.example.com/ $aud", '*', '', 'mcp', $host, 'test-client', $self->{iss},
            "$self->{iss}/userinfo", '00000003-0000-0000-c000-000000000000', 'account', "https://$host/%6dcp",
    );
    return (
        (map { ('aud ' . json_text($_) => $self->{jwt}->mint(aud => $_),
            'aud ' . json_text([$_]) => $self->{jwt}->mint(aud => [$_])) } @text),
        'no aud' => $self->{jwt}->mint(without => ['aud']),
        $self->raw('aud', 'null', '1', 'true', '[]', '{}', qq([["$aud"]]), qq({"0":"$aud"}), qq({"$aud":1}), '[null]', '[1,2]'),
    );
}

sub times ($self) {
    my $now = time;
    return (
        (map { ("exp $_ seconds ago" => $self->{jwt}->mint(exp => $now - $_)) } 90, 3600, 86_400, 3e7, $now, $now + 1),
        'no exp' => $self->{jwt}->mint(without => ['exp']),
        $self->raw('exp', 'null', '""', '"' . ($now + 3600) . '"', 'true', '[' . ($now + 3600) . ']', '{}', '-1', '-1e30', '1e-5',
            '-9223372036854775808', sprintf('%d.5', $now - 3600), '0.0'),
        (map { ("nbf in $_ seconds" => $self->{jwt}->mint(nbf => $now + $_)) } 120, 3600, 86_400, 3e9),
        $self->raw('nbf', 'null', '"0"', 'true', '[0]', '{}', '1e30', '9223372036854775807'),
    );
}

sub kinds ($self) {
    my %mark = (
        'nonce' => { nonce => 'n' }, 'at_hash' => { at_hash => 'x' }, 'c_hash' => { c_hash => 'x' },
        'events' => { events => { 'http://schemas.openid.net/event/backchannel-logout' => {} } },
        'token_introspection' => { token_introspection => { active => \1 } }, 'htm and htu' => { htm => 'POST', htu => $self->{aud} },
        'token_use id' => { token_use => 'id' },
        'token_use refresh_token' => { token_use => 'refresh_token' }, 'typ ID' => { typ => 'ID' }, 'typ Refresh' => { typ => 'Refresh' },
        'typ Offline' => { typ => 'Offline' }, 'typ Logout' => { typ => 'Logout' },
    );
    return map { ("$_, typ JWT" => $self->{jwt}->mint(%{ $mark{$_} }, _header => { typ => 'JWT' }),
        "$_, no typ" => $self->{jwt}->mint(%{ $mark{$_} }, _header => { typ => undef })) } sort keys %mark;
}

# Whoever has stolen such a token has not stolen its key (RFC 7800, RFC 8705, RFC 9449).
sub bound ($self) {
    my %cnf = (jkt => { jkt => 'x' x 43 },
        'x5t#S256' => { 'x5t#S256' => 'x' x 43 }, jwk => { jwk => $self->{ec}->jwk }, kid => { kid => 'x' }, jku => { jku => 'https://evil.example' }, nothing => {});
    return map { ("cnf with $_" => $self->{jwt}->mint(cnf => $cnf{$_})) } sort keys %cnf;
}

sub scopes ($self) {
    my $scope = $self->{scope};
    my @text  = (
        '', 'other', substr($scope, 0, -1), "${scope}x", "x$scope", uc $scope, ucfirst $scope, "$scope,other", "other,$scope",
        "$scope\nother", "other\n$scope", "$scope;x", "$scope\0", "$scope:all", "\"$scope\"", "$scope\x{a0}x",
        ($scope =~ /^([^:]*)/)[0], '*', "-$scope", "!$scope",
    );
    return (
        (map { ('scope ' . json_text($_) => $self->{jwt}->mint(scope => $_)) } @text),
        'no scope'              => $self->{jwt}->mint(without => ['scope']),
        'scope in permissions'  => $self->{jwt}->mint(without => ['scope'], permissions => [$scope]),
        'scope in Scope'        => $self->{jwt}->mint(without => ['scope'], Scope => $scope),
        'scope in an object'    => $self->{jwt}->mint(without => ['scope'], authorization => { scope => $scope }),
        $self->raw('scope', 'null', 'true', '1', '[]', qq({"$scope":true}), qq([["$scope"]]), qq([{"name":"$scope"}])),
    );
}

sub subjects ($self) {
    my $nobody = sub (@json) { $self->{jwt}->mint(_payload_json => $self->payload(join(',', '"x":1', @json), 'sub', 'client_id')) };
    return ('neither sub nor client_id' => $nobody->(), map { ("sub $_ and no client_id" => $nobody->("\"sub\":$_")) } 'null', '""', '1',
        '["alice"]', '{}');
}

1;
