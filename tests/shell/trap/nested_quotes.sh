d=dir
trap "echo 'cleanup of $d'; rm -rf \"$d\"" EXIT
mkdir $d; ls
