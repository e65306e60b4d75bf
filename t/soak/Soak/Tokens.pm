package Soak::Tokens;
# The tokens that a client of the soak sends, of every kind, and what each may be answered with at a time.
#
#   my $tokens = Soak::Tokens->new($issuer, $diary);
#   my $token  = $tokens->take;                       # of a random kind: { kind, field, sub, scope, judge, never, says }
#   my $token  = $tokens->take('key in use');
#   my %may    = map { $_ => 1 } $token->{judge}->($from, $to);   # 200 is for "a good token"
#   Soak::Tokens::kinds();                            # all of them, in order
#
# field is the value of Authorization, undef for none; never: not good at any time; says: of the challenge of a 401.

use v5.36;
use MCPTest::B64 'b64url';
use MCPTest::JWT;
use MCPTest::Util 'json_text';
use Soak::Peers;
use Soak::Site;

my $SKEW  = 1;    # MCPClockSkew, and
my $TTL   = 2;    # how long an answer of introspection counts
my @SCOPE = ('use', 'use', 'use files:delete', 'use files:delete', 'files:delete');

# kind => [ weight, maker, what a 401 says, never good ]
my @KINDS = (
    'key in use'           => [ 14, by_key(1),  qr/key that signed/ ],
    'key before that'      => [ 3,  by_key(2),  qr/key that signed/ ],
    'new key'              => [ 3,  by_key(0),  qr/key that signed/ ],
    'withdrawn key'        => [ 3,  by_key(3),  qr/key that signed/ ],
    'shared secret, warm'  => [ 10, \&warm,     qr/./ ],
    'shared secret, new'   => [ 10, \&fresh,    qr/./ ],
    'expires meanwhile'    => [ 4,  \&ageing,   qr/has expired/ ],
    'opaque, warm'         => [ 8,  \&opaque_warm,   qr/./ ],
    'opaque, new'          => [ 4,  \&opaque_fresh,  qr/./ ],
    'opaque, expires'      => [ 3,  \&opaque_ageing, qr/has expired|not active/ ],
    'opaque, revoked'      => [ 3,  \&opaque_revoked, qr/not active/ ],
    'opaque, unknown'      => [ 3,  \&opaque_unknown, qr/not active/, 1 ],
    'opaque, other aud'    => [ 2,  \&opaque_other,   qr/another resource/, 1 ],
    'none'                 => [ 6,  sub ($self, $scope) { { field => undef } }, qr/\A(?!.*error=)/, 1 ],
    'expired'              => [ 4,  static(exp => -60),                    qr/has expired/, 1 ],
    'other aud'            => [ 4,  static(aud => 'https://mcp.example/other'), qr/another resource/, 1 ],
    'other issuer'         => [ 2,  static(iss => 'https://evil.example'), qr/issuer of the token/, 1 ],
    'bound to a sender'    => [ 2,  static(cnf => { jkt => 'x' x 43 }),    qr/bound to a sender/, 1 ],
    'bad signature'        => [ 5,  \&forged,   qr/signature of the token|key that signed/, 1 ],
    'bad HMAC'             => [ 3,  \&forged_secret, qr/signature of the token/, 1 ],
    'unknown kid'          => [ 4,  \&unknown_kid,   qr/key that signed/, 1 ],
    'alg none'             => [ 3,  \&unsigned, qr/signature algorithm/, 1 ],
    'the public key as a secret' => [ 2, \&confused, qr/signature algorithm/, 1 ],
    'brings its key'       => [ 2,  static_head(jwk => { kty => 'oct', k => 'YQ' }),     qr/brings its own key/, 1 ],
    'brings a URL of keys' => [ 2,  static_head(jku => 'https://evil.example/jwks'),     qr/brings its own key/, 1 ],
    'critical extension'   => [ 2,  static_head(crit => ['b64'], b64 => \0), qr/extension that must be understood/, 1 ],
    'not for access'       => [ 2,  static_head(typ => 'dpop+jwt'),          qr/not an access token/, 1 ],
    'a claim twice'        => [ 2,  \&twice,     qr/duplicate member/, 1 ],
    'garbage like a JWT'   => [ 3,  \&shaped,   qr/not a well-formed JWT/, 1 ],
    'garbage'              => [ 3,  \&garbage,  qr/./, 1 ],
);

sub kinds () { return map { $KINDS[ 2 * $_ ] } 0 .. $#KINDS / 2 }

sub new ($class, $issuer, $diary) {
    my %kind = @KINDS;
    my $self = bless { kind => \%kind, diary => $diary, issuer => $issuer, number => 0, kept => {} }, $class;
    my $aud  = [ sort values %Soak::Site::RESOURCE ];
    $self->{jwt}    = MCPTest::JWT->new(iss => $issuer, aud => $aud);
    $self->{static} = MCPTest::JWT->new(iss => $Soak::Site::STATIC, aud => $aud, key => { hmac => $Soak::Site::SECRET });
    $self->{bag}    = [ map { ($_) x $kind{$_}[0] } kinds() ];
    return $self;
}

sub take ($self, $kind = $self->{bag}[ rand @{ $self->{bag} } ]) {
    my (undef, $make, $says, $never) = @{ $self->{kind}{$kind} };
    my $token = $make->($self, $SCOPE[ rand @SCOPE ]);
    $token->{field} //= "Bearer $token->{text}" if exists $token->{text};
    return { judge => sub ($from, $to) { $never ? 401 : 200 }, sub => '', scope => '', %$token, kind => $kind, says => $says, never => $never };
}

# A user of this client alone.
sub somebody ($self) { return "user-$$-" . ++$self->{number} }

# What was made for the same purpose before, unless it is over.
sub kept ($self, $place, $seconds, $make) {
    my $kept = $self->{kept}{$place};
    return $kept->{token} if $kept && time < $kept->{until};
    return ($self->{kept}{$place} = { token => $make->(), until => time + $seconds })->{token};
}

# Signed by the key that is so many behind the newest: 0 was just published, 3 was just withdrawn.
sub by_key ($behind) {
    return sub ($self, $scope) {
        my $number = $self->{diary}->newest - $behind;
        my $token  = $self->{kept}{"key $number $scope"} //= $self->signed($number, $scope);
        delete $self->{kept}{"key @{[ $number - 6 ]} $_"} for @SCOPE;
        return $token;
    };
}

sub signed ($self, $number, $scope) {
    my $sub  = $self->somebody;
    my $text = $self->{jwt}->mint(_key => Soak::Site::key($number), _header => { kid => "k$number" }, sub => $sub, scope => $scope);
    return { text => $text, sub => $sub, scope => $scope, judge => sub ($from, $to) { $self->judge_key($number, $from, $to) } };
}

# RFC 7517 says nothing of when a key counts; docs/operations.md does.
sub judge_key ($self, $number, $from, $to) {
    my $diary     = $self->{diary};
    my $published = $diary->at('published', $number) // 0;
    my $end       = $diary->at('withdrawing', $number);
    my $gone      = $diary->at('withdrawn', $number);
    return 401 if $gone && $diary->is_fetched($gone, $from);
    return (200, 401) if $end && $end <= $to;
    return 200 if $diary->is_fetched($published, $from);
    return (200, 401);
}

sub secret_token ($self, $scope, %claims) {
    my $sub = $self->somebody;
    return { text => $self->{static}->mint(sub => $sub, scope => $scope, %claims), sub => $sub, scope => $scope };
}

sub fresh ($self, $scope) { return $self->secret_token($scope) }
sub warm ($self, $scope)  { return $self->kept('warm ' . (int rand 8) . $scope, 300, sub { $self->secret_token($scope) }) }

# A token with a claim that makes it no good; exp counts from now.
sub static ($name, $value) {
    return sub ($self, $scope) { $self->secret_token($scope, $name => $name eq 'exp' ? time + $value : $value) };
}

sub static_head (%head) {
    return sub ($self, $scope) { $self->secret_token($scope, _header => \%head) };
}

sub twice ($self, $scope) {
    my $claims = json_text({ $self->{static}->claims, sub => 'somebody', scope => $scope });
    return $self->secret_token($scope, _payload_json => '{"sub":"root",' . substr $claims, 1);
}

# Good until its end, not good some seconds later; both are asked for.
sub ageing ($self, $scope) {
    return $self->kept("ageing $scope", 9, sub {
        my $exp   = time + 4;
        my $token = $self->secret_token($scope, exp => $exp);
        return { %$token, judge => sub ($from, $to) { until_then($exp, $SKEW, $from, $to) } };
    });
}

sub until_then ($end, $slack, $from, $to) {
    return 200 if $to < $end;
    return 401 if $from > $end + $slack + 1;
    return (200, 401);
}

# An opaque token. Nobody can tell what it is while the authorization server is away.
sub asked ($self, $judge, %says) {
    my $sub   = $self->somebody;
    my %claim = (aud => [ sort values %Soak::Site::RESOURCE ], exp => time + 600, sub => $sub, iss => $self->{issuer}, %says);
    my $when  = sub ($from, $to) { ($judge->($from, $to), $self->{diary}->is_away($from, $to) ? 503 : ()) };
    return { text => Soak::AS::opaque(%claim), sub => $sub, scope => $says{scope}, judge => $when };
}

sub opaque_fresh ($self, $scope) { return $self->asked(sub ($from, $to) { 200 }, scope => $scope) }
sub opaque_warm ($self, $scope) { return $self->kept('opaque ' . (int rand 4) . $scope, 120, sub { $self->opaque_fresh($scope) }) }

sub opaque_ageing ($self, $scope) {
    return $self->kept("opaque ageing $scope", 9, sub {
        my $exp = time + 4;
        return $self->asked(sub ($from, $to) { until_then($exp, $SKEW, $from, $to) }, scope => $scope, exp => $exp);
    });
}

sub opaque_revoked ($self, $scope) {
    return $self->kept("opaque revoked $scope", 11, sub {
        my $end = time + 4;
        return $self->asked(sub ($from, $to) { until_then($end, $TTL, $from, $to) }, scope => $scope, revoked => $end);
    });
}

sub opaque_other ($self, $scope) { return $self->asked(sub ($from, $to) { 401 }, scope => $scope, aud => 'https://mcp.example/other') }

sub opaque_unknown ($self, $scope) {
    my $token = $self->asked(sub ($from, $to) { 401 }, scope => $scope);
    return { %$token, text => 'x' . $token->{text} };
}

# The signature of another, of a key that is known.
sub forged ($self, $scope) {
    my $token = by_key(1)->($self, $scope);
    my ($input, $signature) = $token->{text} =~ /\A(.*\.)([^.]*)\z/;
    my $where = 5 + int rand(length($signature) - 10);
    substr($signature, $where, 1) =~ tr/A-Za-z0-9_-/B-ZAb-za1-90\-_/;
    return { text => $input . $signature };
}

sub forged_secret ($self, $scope) { return { text => $self->{static}->mint(scope => $scope, _key => { hmac => 'a' x 32 }) } }

sub unknown_kid ($self, $scope) {
    my $head = { alg => 'ES256', typ => 'at+jwt', kid => 'nobody-' . int rand 1e9 };
    return { text => join '.', b64url(json_text($head)), b64url(json_text({ $self->{jwt}->claims, scope => $scope })), b64url('s' x 64) };
}

sub unsigned ($self, $scope) { return { text => $self->{jwt}->mint(_alg => 'none', _signature => '', scope => $scope) . 'AAAA' } }

sub confused ($self, $scope) {
    my $number = $self->{diary}->newest - 1;
    my $secret = { hmac => Soak::Site::key($number)->public_pem };
    return { text => $self->{jwt}->mint(scope => $scope, _key => $secret, _header => { kid => "k$number" }) };
}

# RFC 6750 2.1: one token, and nothing else.
sub garbage ($self, $scope) {
    my @words = map { chr(33 + rand 94) x (1 + rand 30) } 1 .. 2;
    return { field => "Bearer @words", judge => sub ($from, $to) { 400 } };
}

sub shaped ($self, $scope) { return { text => join '.', 'eyJ' . 'x' x rand 400, 'y' x rand 400, 'z' x rand 400 } }

1;
