eval "arr=(x 'y z')"; echo ${#arr[@]}; eval 'echo "${arr[1]}"'
