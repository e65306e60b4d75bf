package Demo::Screen;
# What the demo shows: headings, plain sentences, requests and answers as they are, and a mark for each check.
# Colours only when they were asked for. Not what is sent or checked.

use v5.36;

my $WIDTH = 84;
my %CODE  = (bold => 1, dim => 2, red => 31, green => 32, cyan => 36);

sub new ($class, %opt) { return bless { colour => $opt{colour}, steps => 0, failed => 0, short => {}, checks => 0 }, $class }

sub failed ($self) { return $self->{failed} }

# From now on a long text (a token) is shown by its ends only.
sub shorten ($self, $text) {
    $self->{short}{$text} = substr($text, 0, 12) . '...' . substr($text, -6) . ' (' . length($text) . ' characters)';
    return $text;
}

sub title ($self, $text) { say $self->_paint(bold => $text), "\n", '=' x length $text; return }

sub step ($self, $text) {
    $self->_begin;
    say $self->_paint(bold => ++$self->{steps} . ". $text");
    return;
}

sub explain ($self, $text) {
    say for $self->_wrap($text, '   ', '   ');
    return;
}

# Text as it stands in a file.
sub file ($self, $text) {
    $self->_begin;
    say '   ', $self->_paint(cyan => "| $_") for split /\n/, $text;
    return;
}

sub command ($self, @words) {
    $self->_begin;
    say $self->_paint(cyan => $_) for $self->_wrap('$ ' . join(' ', map { /[^\w.\/:=@+-]/ ? "'$_'" : $_ } @words), '   ', '         ');
    return;
}

# Lines that went one way: "> " to the server, "< " from it.
sub lines ($self, $way, @lines) {
    $self->_begin;
    say $self->_paint($way eq '<' ? 'cyan' : 'dim', $_) for map { $self->_wrap($_, "   $way ", "   $way     ") } @lines;
    return;
}

sub check ($self, $holds, $what) {
    say '' if !$self->{checks};
    $self->{checks} = 1;
    $self->{failed}++ if !$holds;
    say '   ', $self->_paint($holds ? 'green' : 'red', $holds ? 'ok      ' : 'NOT OK  '), $what;
    return $holds;
}

# A new paragraph; checks stand together and get one of their own.
sub _begin ($self) {
    $self->{checks} = 0;
    say '';
    return;
}

sub _paint ($self, $name, $text) { return $self->{colour} ? "\e[$CODE{$name}m$text\e[0m" : $text }

# Breaks at blanks, after the commas and brackets of JSON and after "\n" in it; a longer word stays whole.
sub _wrap ($self, $text, $first, $next) {
    for my $long (keys %{ $self->{short} }) { $text =~ s/\Q$long\E/$self->{short}{$long}/g }
    my ($line, @lines) = ($first);
    my $room = 0;    # a first word always goes on the first line
    for my $word (split /(?<= )|(?<=[,{\[])(?=["{\[])|(?<=\\n)/, $text) {
        if ($room && length($line . $word =~ s/ \z//r) > $WIDTH) {
            push @lines, $line;
            $line = $next;
        }
        $line .= $word;
        $room = 1;
    }
    return map { s/ +\z//r } @lines, $line;
}

1;
