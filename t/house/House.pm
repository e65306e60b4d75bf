package House;

# What the tests of the house share: its files, and what is in them.
#
#     my @headers = files('src/*/*.h');          # sorted, relative to the root; never empty
#     my $text = slurp('src/core/json.c');
#     my $code = code('src/core/json.c');        # the same without comments, lines kept
#     my @includes = includes('src/core/json.c');  # [ 'json.h', 'stdlib.h', ... ] as written
#     my @objects = objects('core');             # of the build, build/src/core/*.o

use strict;
use warnings;

use Cwd qw(getcwd);
use Exporter qw(import);
use File::Basename qw(basename dirname);
use File::Spec;

our @EXPORT = qw(files slurp code includes objects tool);

my $root = File::Spec->rel2abs(dirname(__FILE__) . '/../..');
chdir $root or die "$root: $!\n";

sub files {
    my @found = sort map { glob } @_;
    die "no file is called @_\n" if !@found;
    return @found;
}

sub slurp {
    my ($name) = @_;
    open my $file, '<:raw', $name or die "$name: $!\n";
    local $/;
    return scalar <$file>;
}

sub code {
    my $text = slurp($_[0]);
    $text =~ s{("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|(/\*.*?\*/)}{ defined $1 ? $1 : "\n" x ($2 =~ tr/\n//) }gse;
    return $text;
}

sub includes {
    return slurp($_[0]) =~ /^\s*#\s*include\s*[<"]([^>"]+)[>"]/mg;
}

# The objects of a room. Without a build there is nothing to test, which is a failure, not a pass.
sub objects {
    my ($room) = @_;
    my $build = $ENV{BUILD} || 'build';
    return files("$build/src/$room/*.o");
}

# The lines that a program prints.
sub tool {
    my @command = @_;
    open my $pipe, '-|', @command or die "$command[0]: $!\n";
    my @lines = <$pipe>;
    close $pipe or die "@command: exit status $?\n";
    chomp @lines;
    return @lines;
}

1;
