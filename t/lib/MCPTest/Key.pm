package MCPTest::Key;
# Key pairs made with the openssl command and kept under build/t-keys, so that only the first run waits for them.
#
#   my $key = MCPTest::Key->get('RSA-2048');             # types: see %TYPE
#   my $key = MCPTest::Key->get('P-256', 'other');       # a second one of that type
#   $key->kid; $key->alg; $key->private_file; $key->public_file (PEM); $key->public_pem; $key->cert_file
#   $key->jwk(use => 'sig', alg => 'RS512'); $key->jwk(alg => undef)   # undef takes a member out
#   $key->sign('RS256', $bytes)                          # raw signature as a JWS carries it
#   $key->verify('RS256', $bytes, $signature)            # what openssl says of it, given the public key only
#   MCPTest::Key::jwks($key1, $key2 or a JWK hash ...)   # JSON text of a set

use v5.36;
use File::Path 'make_path';
use MCPTest::B64 'b64url';
use MCPTest::DER qw(ecdsa_der ecdsa_raw spki_parts);
use MCPTest::Util qw(build_dir json_text run slurp tempdir);

# type => [kty, default alg, curve name or bits, genpkey arguments]
my %TYPE = (
    (map { ("RSA-$_" => [ 'RSA', 'RS256', $_, '-algorithm', 'RSA', '-pkeyopt', "rsa_keygen_bits:$_" ]) } 1024, 2048, 3072, 4096),
    'P-256'     => [ 'EC',  'ES256',  'P-256',     '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256' ],
    'P-384'     => [ 'EC',  'ES384',  'P-384',     '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-384' ],
    'P-521'     => [ 'EC',  'ES512',  'P-521',     '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-521' ],
    'secp256k1' => [ 'EC',  'ES256K', 'secp256k1', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:secp256k1' ],
    'Ed25519'   => [ 'OKP', 'EdDSA',  'Ed25519',   '-algorithm', 'ED25519' ],
    'Ed448'     => [ 'OKP', 'EdDSA',  'Ed448',     '-algorithm', 'ED448' ],
);
my %HASH  = (256 => 'sha256', '256K' => 'sha256', 384 => 'sha384', 512 => 'sha512');
my %CACHE;

sub get ($class, $type, $name = '1') {
    return $CACHE{"$type $name"} //= do {
        my $spec = $TYPE{$type} or die "no such key type: $type";
        my $base = _dir() . "/\L$type\E-$name";
        _make("$base.pem", 'genpkey', @$spec[ 3 .. $#$spec ]);
        _make("$base.pub.pem", 'pkey', '-in', "$base.pem", '-pubout');
        bless { type => $type, base => $base, kid => "\L$type\E-$name", kty => $spec->[0], alg => $spec->[1], crv => $spec->[2] }, $class;
    };
}

# The key as plain data, and back: for the state of a server, which is another process.
sub data ($self)             { return { map { $_ => $self->{$_} } grep { $_ ne 'der' } CORE::keys %$self } }
sub from_data ($class, $data) { return bless {%$data}, $class }

sub types            { return sort CORE::keys %TYPE }
sub kid ($self)      { return $self->{kid} }
sub alg ($self)      { return $self->{alg} }
sub kty ($self)      { return $self->{kty} }
sub crv ($self)      { return $self->{crv} }
sub private_file ($self) { return "$self->{base}.pem" }
sub public_file ($self)  { return "$self->{base}.pub.pem" }
sub public_pem ($self)   { return slurp($self->public_file) }

# A self-signed certificate of the key, PEM.
sub cert_file ($self) {
    my $file = "$self->{base}.crt";
    _make($file, 'req', '-x509', '-new', '-key', $self->private_file, '-days', 3650, '-subj', "/CN=$self->{kid}");
    return $file;
}

# The public key as DER (SubjectPublicKeyInfo).
sub public_der ($self) {
    return $self->{der} //= _openssl('pkey', '-in', $self->private_file, '-pubout', '-outform', 'DER');
}

# The public JWK: kty, kid, use, alg and the key's members; arguments override, undef takes out.
sub jwk ($self, %member) {
    my @part = spki_parts($self->public_der);
    my %jwk  = (kty => $self->{kty}, kid => $self->{kid}, use => 'sig', alg => $self->{alg});
    if ($self->{kty} eq 'RSA') {
        @jwk{qw(n e)} = map { b64url($_) } @part;
    }
    elsif ($self->{kty} eq 'EC') {
        my $width = (length($part[0]) - 1) / 2;
        @jwk{qw(crv x y)} = ($self->{crv}, map { b64url($_) } unpack "x a$width a$width", $part[0]);
    }
    else {
        @jwk{qw(crv x)} = ($self->{crv}, b64url($part[0]));
    }
    %jwk = (%jwk, %member);
    delete @jwk{ grep { !defined $jwk{$_} } CORE::keys %jwk };
    return \%jwk;
}

# jwks(keys and JWK hashes): the set as JSON text.
sub jwks (@keys) {
    return json_text({ keys => [ map { ref $_ eq 'HASH' ? $_ : $_->jwk } @keys ] });
}

# The signature of $bytes under a JWS algorithm, in JWS form. Any hash can be asked of any key of the family.
sub sign ($self, $alg, $bytes) {
    my $file = File::Temp->new;
    print {$file} $bytes;
    $file->flush;
    return _openssl('pkeyutl', '-sign', '-inkey', $self->private_file, '-rawin', '-in', $file->filename) if $self->{kty} eq 'OKP';
    my ($family, $size) = $alg =~ /^(RS|PS|ES)(256K?|384|512)\z/ or die "cannot sign $alg";
    my @padding = $family eq 'PS' ? ('-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:-1') : ();
    my $raw = _openssl('dgst', "-$HASH{$size}", '-sign', $self->private_file, @padding, $file->filename);
    return $family eq 'ES' ? ecdsa_raw($raw, (length(spki_parts($self->public_der)) - 1) / 2) : $raw;
}

# False too when the algorithm is of another family of keys, or an ECDSA signature has not its width (RFC 7518 3.4).
sub verify ($self, $alg, $bytes, $signature) {
    my ($family, $size) = $alg eq 'EdDSA' ? $alg : $alg =~ /^(RS|PS|ES)(256K?|384|512)\z/ or return 0;
    return 0 if { RS => 'RSA', PS => 'RSA', ES => 'EC', EdDSA => 'OKP' }->{$family} ne $self->{kty};
    if ($family eq 'ES') {
        return 0 if length $signature != length(spki_parts($self->public_der)) - 1;
        $signature = ecdsa_der($signature);
    }
    my ($data, $proof) = map { File::Temp->new } 1 .. 2;
    print {$data} $bytes;
    print {$proof} $signature;
    $_->flush for $data, $proof;
    my @padding = $family eq 'PS' ? ('-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:-1') : ();
    my @command = $family eq 'EdDSA'
        ? ('pkeyutl', '-verify', '-pubin', '-inkey', $self->public_file, '-rawin', '-sigfile', $proof->filename, '-in')
        : ('dgst', "-$HASH{$size}", '-verify', $self->public_file, @padding, '-signature', $proof->filename);
    return !run([ 'openssl', @command, $data->filename ])->{exit};
}

sub _dir {
    state $dir = do {
        my $kept = build_dir() . '/t-keys';
        eval { make_path($kept) };
        my @foreign = grep { !-r } glob "$kept/*.pem";
        -w $kept && !@foreign ? $kept : tempdir();
    };
    return "$dir";
}

# Makes a file with openssl unless it is there; whole or not at all, as tests run in parallel.
sub _make ($file, @args) {
    return if -s $file;
    my $tmp = "$file.$$";
    _openssl(@args, '-out', $tmp);
    link $tmp, $file or -s $file or die "link $file: $!";
    unlink $tmp;
    return;
}

sub _openssl (@args) {
    my $done = run([ 'openssl', @args ]);
    die "openssl @args: $done->{err}" if $done->{exit};
    return $done->{out};
}

1;
