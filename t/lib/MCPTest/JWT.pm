package MCPTest::JWT;
# Tokens for tests: right ones by default, wrong ones in any way asked for.
#
#   my $jwt   = MCPTest::JWT->new(key => MCPTest::Key->get('RSA-2048'), iss => $as->issuer, aud => 'http://127.0.0.1:80/mcp');
#   my $token = $jwt->mint;                                       # client_id test-client, sub alice, exp +600, iat, jti
#   my $token = $jwt->mint(scope => 'files:read', exp => time - 60, without => ['iat']);
#   my $token = $jwt->mint(_alg => 'PS256', _header => { typ => 'at+jwt', kid => undef });
#
# Arguments without an underscore are claims. The others:
#   without       => [claims to leave out]
#   _key          => another MCPTest::Key, or { hmac => bytes } for HS256/384/512
#   _alg          => algorithm of signature and header (default: the key's)
#   _sign_alg     => algorithm of the signature only: the header keeps _alg
#   _header       => header members to set; undef takes one out
#   _header_json, _payload_json => text instead of the encoded data
#   _header_part, _payload_part, _signature_part => the encoded part itself (spoiled base64 and the like)
#   _signature    => raw signature bytes instead of a right one
#
#   my ($header, $claims) = MCPTest::JWT::verified($token, $key);  # dies when the key has not signed it

use v5.36;
use Digest::SHA qw(hmac_sha256 hmac_sha384 hmac_sha512);
use MCPTest::B64 qw(b64url unb64url);
use MCPTest::Key;
use MCPTest::Util qw(json_data json_text keep_secret);

my %HMAC = (HS256 => \&hmac_sha256, HS384 => \&hmac_sha384, HS512 => \&hmac_sha512);
my $ID   = 0;

sub new ($class, %default) {
    my $key = delete $default{key} // MCPTest::Key->get('RSA-2048');
    return bless { key => $key, default => \%default }, $class;
}

# Changes a default claim, or reads it.
sub default ($self, $name, @value) {
    $self->{default}{$name} = $value[0] if @value;
    return $self->{default}{$name};
}

# The default claims of a token minted now.
sub claims ($self) {
    my $now = time;
    return (
        sub => 'alice', client_id => 'test-client', iat => $now, exp => $now + 600, jti => "t-$$-" . ++$ID,
        %{ $self->{default} },
    );
}

sub mint ($self, %arg) {
    my $key    = $arg{_key} // $self->{key};
    my $alg    = $arg{_alg} // (ref $key eq 'HASH' ? 'HS256' : $key->alg);
    my $header = $arg{_header_part} // b64url($arg{_header_json} // json_text(_header($key, $alg, $arg{_header} // {})));
    my $body   = $arg{_payload_part} // b64url($arg{_payload_json} // json_text($self->_payload(%arg)));
    my $input  = "$header.$body";
    my $sig    = $arg{_signature_part} // b64url($arg{_signature} // signature($key, $arg{_sign_alg} // $alg, $input));
    keep_secret($body, $sig, ref $key eq 'HASH' ? $key->{hmac} : ());
    return "$input.$sig";
}

# The raw signature bytes over $input.
sub signature ($key, $alg, $input) {
    return '' if $alg =~ /^none\z/i;
    return $key->sign($alg, $input) if ref $key ne 'HASH';
    my $hmac = $HMAC{$alg} or die "no HMAC $alg";
    return $hmac->($input, $key->{hmac});
}

# (header, payload, signature bytes) of a token, for looking into what others minted.
sub decode ($token) {
    my ($header, $payload, $signature) = split /\./, $token;
    return (json_data(unb64url($header)), json_data(unb64url($payload)), unb64url($signature));
}

# (header, payload) of a token that the key has signed; dies with the reason when it did not.
sub verified ($token, $key) {
    $token =~ /\A[\w-]+\.[\w-]+\.[\w-]+\z/a or die "not a signed JWT\n";
    my ($header, $payload, $signature) = eval { decode($token) } or die "not JSON: $@";
    my ($input) = $token =~ /\A(.*)\./;
    die "a part is no JSON object\n" if grep { ref $_ ne 'HASH' } $header, $payload;
    die "critical extension\n" if exists $header->{crit};
    $key->verify($header->{alg} // '', $input, $signature) or die "the signature is not that of @{[ $key->kid ]}\n";
    return ($header, $payload);
}

sub _payload ($self, %arg) {
    my %claims = ($self->claims, map { $_ => $arg{$_} } grep { !/^_/ && $_ ne 'without' } CORE::keys %arg);
    delete @claims{ @{ $arg{without} // [] } };
    return \%claims;
}

sub _header ($key, $alg, $set) {
    my %header = (alg => $alg, typ => 'at+jwt', (ref $key eq 'HASH' ? () : (kid => $key->kid)), %$set);
    delete @header{ grep { !defined $header{$_} } CORE::keys %header };
    return \%header;
}

1;
