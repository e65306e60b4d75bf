package MCPTest::AS::Client;
# Whether a request to an authorization server's endpoint is a right form (RFC 6749 appendix B) of a client that has
# authenticated itself as agreed: basic, post (RFC 6749 2.3.1) or private_key_jwt (RFC 7523 3). Strict: what some server
# refuses is refused.
#
#   my $form = form_of($request);                             # { name => value }; dies with what is wrong
#   my $why  = refusal($client, $request, $form, $seen);      # undef when it is the client
#
# $client: { id, secret or key (of MCPTest::Key::data), method, aud => [ what an assertion may be for ] }
# $seen:   sub ($jti), true when that has been used before

use v5.36;
use Exporter 'import';
use MCPTest::HTTP::Serve 'header_of';
use MCPTest::JWT;
use MCPTest::Key;
use MIME::Base64 qw(decode_base64 encode_base64);

our @EXPORT_OK = qw(form_of refusal);

# Longest life of an assertion that is taken, in seconds: its jti has to be remembered for that long.
my $LIFE = 600;

my %METHOD = (basic => \&_basic, post => \&_post, private_key_jwt => \&_assertion);

sub form_of ($request) {
    die "method $request->{method}\n" if $request->{method} ne 'POST';
    my $type = header_of($request, 'Content-Type') // '';
    die "type $type\n" if $type !~ m{\Aapplication/x-www-form-urlencoded(?:\s*;|\z)}i;
    die "a query\n"    if defined $request->{query};
    my %form;
    for my $pair (split /&/, $request->{body} // '', -1) {
        my ($name, @value) = map { _decoded($_) } split /=/, $pair, -1;
        die "not one = in '$pair'\n" if @value != 1;
        die "$name twice\n"          if exists $form{$name};
        $form{$name} = $value[0];
    }
    die "no token\n" if !length($form{token} // '');
    return \%form;
}

sub refusal ($client, $request, $form, $seen) {
    my @basic = grep { lc $_->[0] eq 'authorization' } @{ $request->{headers} };
    my @ways  = (@basic, grep { exists $form->{$_} } qw(client_secret client_assertion));
    return @ways . ' ways to authenticate' if @ways != 1;
    return "client_id is $form->{client_id}" if ($form->{client_id} // $client->{id}) ne $client->{id};
    my $check = $METHOD{ $client->{method} } // return "no such method: $client->{method}";
    return eval { $check->($client, $request, $form, $seen); 1 } ? undef : $@ =~ s/\n.*//sr;
}

sub _decoded ($text) {
    $text =~ /\A(?:[A-Za-z0-9*\-._~+]|%[0-9A-Fa-f]{2})*\z/ or die "not form-encoded: '$text'\n";
    return $text =~ tr/+/ /r =~ s/%(..)/chr hex $1/ger;
}

sub _basic ($client, $request, $, $) {
    my ($sent) = (header_of($request, 'Authorization') // '') =~ /\ABasic ([A-Za-z0-9+\/]+={0,2})\z/ or die "no Basic credentials\n";
    my $plain = decode_base64($sent);
    die "not base64\n" if encode_base64($plain, '') ne $sent;
    my ($id, @secret) = map { _decoded($_) } split /:/, $plain, -1;
    die "not one colon\n"     if @secret != 1;
    die "id is $id\n"         if $id ne $client->{id};
    die "the secret is not\n" if $secret[0] ne $client->{secret};
    return;
}

sub _post ($client, $, $form, $) {
    die "no client_id\n"      if !exists $form->{client_id};
    die "the secret is not\n" if ($form->{client_secret} // '') ne $client->{secret};
    return;
}

sub _assertion ($client, $, $form, $seen) {
    my $type = $form->{client_assertion_type} // '';
    die "assertion type $type\n" if $type ne 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
    my (undef, $claims) = MCPTest::JWT::verified($form->{client_assertion} // '', MCPTest::Key->from_data($client->{key}));
    my %for = map { $_ => 1 } @{ $client->{aud} };
    my @aud = ref $claims->{aud} eq 'ARRAY' ? @{ $claims->{aud} } : $claims->{aud} // ();
    for my $name (qw(iss sub)) { die "$name is " . ($claims->{$name} // 'missing') . "\n" if ($claims->{$name} // '') ne $client->{id} }
    die "aud is @aud\n" if @aud != 1 || !$for{ $aud[0] };
    _check_times($claims, time);
    my $jti = $claims->{jti} // '';
    die "no jti\n"          if ref $jti || $jti eq '';
    die "jti seen before\n" if $seen->($jti);
    return;
}

sub _check_times ($claims, $now) {
    my ($exp, $iat, $nbf) = @$claims{qw(exp iat nbf)};
    die "no number is a time of it\n" if !defined $exp || grep { defined && !/\A\d+(?:\.\d+)?\z/ } $exp, $iat, $nbf;
    die "expired\n"                   if $exp <= $now;
    die "lives too long\n"            if $exp > $now + $LIFE;
    die "of the future\n"             if ($iat // $now) > $now + 1 || ($nbf // $now) > $now + 1;
    return;
}

1;
