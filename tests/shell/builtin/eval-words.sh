eval; echo $?; eval ''; echo $?; false; eval; echo $?; eval -- 'echo x'; eval -x; echo $?; eval 'echo a' 'b;' echo c; eval 'exit 3'; echo no
