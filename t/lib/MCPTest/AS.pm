package MCPTest::AS;
# A fake authorization server on plain http and the loopback: metadata in the three well-known forms and a JWKS,
# each of which can be made to misbehave while it runs. It issues nothing: tokens come from MCPTest::JWT.
#
#   my $as = MCPTest::AS->start(keys => [$key]);           # issuer http://127.0.0.1:PORT
#   my $as = MCPTest::AS->start(path => '/tenant', keys => [$key], forms => ['oidc_append'], metadata => {...});
#   $as->issuer; $as->jwks_path; $as->metadata_path('oauth'); $as->count($as->jwks_path);
#   $as->keys($new_key);                                   # another key set from now on
#   $as->behave(jwks => '500', metadata => 'ok');          # names below, or a reply of MCPTest::HTTP::Serve
#   $as->forms('oauth');                                   # which forms exist; the others are 404
#   $as->reply('/introspect' => { json => { active => \0 } });
#   $as->down; $as->up;                                    # connection refused, and back again
#
# What behaves: metadata (all forms), oauth, oidc_insert, oidc_append (one form, wins), jwks.
# From outside: POST /_control with JSON of the state's members to change (behave, forms, jwks, replies).

use v5.36;
use parent 'MCPTest::Listener';
use MCPTest::HTTP::Serve qw(read_request send_reply);
use MCPTest::Key;
use MCPTest::Reader;
use MCPTest::Util qw(json_data json_text);

# name => sub ($good_document, $argument): reply. An argument follows the name after a colon: slow:7.
my %BEHAVE = (
    ok           => sub ($doc, $arg) { { json => $doc } },
    slow         => sub ($doc, $arg) { { json => $doc, delay => $arg // 3 } },
    drip         => sub ($doc, $arg) { { json => $doc, drip => $arg // 0.5 } },
    html         => sub ($doc, $arg) { { type => 'text/html', body => '<html><body>Sign in</body></html>' } },
    not_json     => sub ($doc, $arg) { { headers => [ [ 'Content-Type', 'application/json' ] ], body => 'not json' } },
    text         => sub ($doc, $arg) { { type => 'text/plain', body => json_text($doc) } },
    cut          => sub ($doc, $arg) { { headers => [ [ 'Content-Type', 'application/json' ] ], body => half(json_text($doc)) } },
    cut_short    => sub ($doc, $arg) { { json => $doc, cut => 1 } },
    array        => sub ($doc, $arg) { { json => [$doc] } },
    empty        => sub ($doc, $arg) { { body => '' } },
    empty_object => sub ($doc, $arg) { { json => {} } },
    redirect     => sub ($doc, $arg) { { status => 302, headers => [ [ 'Location', $arg // '/elsewhere' ] ] } },
    endless      => sub ($doc, $arg) { { endless => 1 } },
    huge         => sub ($doc, $arg) { { json => { %$doc, pad => 'x' x ($arg // 8_000_000) } } },
    deep         => sub ($doc, $arg) { { headers => [ [ 'Content-Type', 'application/json' ] ], body => '[' x ($arg // 100_000) } },
    duplicate    => sub ($doc, $arg) { { headers => [ [ 'Content-Type', 'application/json' ] ], body => json_text($doc) =~ s/\}\z/,"issuer":"https:\/\/evil.example"}/r } },
    wrong_issuer => sub ($doc, $arg) { { json => { %$doc, issuer => $arg // 'https://evil.example' } } },
    hang         => sub ($doc, $arg) { { hang => 1 } },
    reset        => sub ($doc, $arg) { { reset => 1 } },
);

sub half ($text) { return substr $text, 0, length($text) / 2 }

sub first_state ($self) {
    return {
        behave   => {},
        forms    => $self->{forms} // [qw(oauth oidc_insert oidc_append)],
        jwks     => { keys => [ map { ref $_ eq 'HASH' ? $_ : $_->jwk } @{ $self->{keys} // [] } ] },
        metadata => $self->{metadata} // {},
        replies  => {},
    };
}

# The issuer identifier: exactly what tokens say in iss.
sub issuer ($self)    { return $self->url . ($self->{path} // '') }
sub jwks_path ($self) { return ($self->{path} // '') =~ s{/\z}{}r . '/jwks' }
sub jwks_uri ($self)  { return $self->url . $self->jwks_path }

# The path of one form of the metadata (RFC 8414 3, 5; OpenID Connect Discovery 4).
sub metadata_path ($self, $form) {
    my $path = ($self->{path} // '') =~ s{/\z}{}r;
    return "/.well-known/oauth-authorization-server$path" if $form eq 'oauth';
    return "/.well-known/openid-configuration$path"       if $form eq 'oidc_insert';
    return "$path/.well-known/openid-configuration";
}

# How often any form of the metadata was asked for.
sub metadata_count ($self) {
    my %path = map { $self->metadata_path($_) => 1 } qw(oauth oidc_insert oidc_append);
    return scalar grep { $path{ $_->{path} } } $self->requests;
}

# A MCPTest::Key or a JWK hash each.
sub keys ($self, @keys) {
    $self->state(jwks => { keys => [ map { ref $_ eq 'HASH' ? $_ : $_->jwk } @keys ] });
    return;
}

sub forms ($self, @forms) { $self->state(forms => \@forms); return }

sub behave ($self, %how) {
    $self->state(behave => { %{ $self->state->{behave} }, %how });
    return;
}

# A fixed reply for any path; undef ends it.
sub reply ($self, $path, $reply) {
    $self->state(replies => { %{ $self->state->{replies} }, $path => $reply });
    return;
}

sub serve ($self, $socket) {
    my $reader = MCPTest::Reader->new($socket, 60);
    while (my $request = read_request($reader)) {
        if ($request->{path} eq '/_control') {
            $self->state(%{ json_data($request->{body}) });
            send_reply($socket, $request, { status => 204 }) or last;
            next;
        }
        $self->record($request);
        send_reply($socket, $request, $self->answer($request)) or last;
    }
    return;
}

sub answer ($self, $request) {
    my $state = $self->state;
    my $path  = $request->{path};
    return $state->{replies}{$path} if $state->{replies}{$path};
    return behaviour($state, $state->{jwks}, 'jwks') if $path eq $self->jwks_path;
    for my $form (@{ $state->{forms} }) {
        next if $path ne $self->metadata_path($form);
        return behaviour($state, $self->document($state), $form, 'metadata');
    }
    return { status => 404, json => { error => 'not_found' } };
}

# The metadata document; metadata => {...} of start adds and overrides, a null takes a member out.
sub document ($self, $state) {
    my $base = $self->issuer;
    my %doc  = (
        issuer                                => $base,
        authorization_endpoint                => "$base/authorize",
        token_endpoint                        => "$base/token",
        registration_endpoint                 => "$base/register",
        jwks_uri                              => $self->jwks_uri,
        response_types_supported              => ['code'],
        grant_types_supported                 => [ 'authorization_code', 'refresh_token' ],
        code_challenge_methods_supported      => ['S256'],
        token_endpoint_auth_methods_supported => ['none'],
        %{ $state->{metadata} },
    );
    delete @doc{ grep { !defined $doc{$_} } CORE::keys %doc };
    return \%doc;
}

# The reply for the first of the names that has a behaviour.
sub behaviour ($state, $document, @names) {
    my ($how) = grep { defined } map { $state->{behave}{$_} } @names;
    $how //= 'ok';
    return $how if ref $how;
    return { status => $how, json => { error => 'scripted' } } if $how =~ /^\d{3}\z/;
    my ($name, $argument) = split /:/, $how, 2;
    my $make = $BEHAVE{$name} // return { status => 500, body => "no such behaviour: $how" };
    return $make->($document, $argument);
}

1;
